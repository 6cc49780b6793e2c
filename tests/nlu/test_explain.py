"""Explanations: the pieces of a text, what leaving one out does, and the examples that lie nearest."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.classifier import IntentPrediction
from nlu.errors import PartUnreadable
from nlu.explain import MOST_UNITS, Examples, Near, explain, left_out, pieces, write_examples


def prediction(share: float, *, refused: bool = False) -> IntentPrediction:
    verdicts = (("pay", share), ("cancel", 1 - share))
    return IntentPrediction(verdicts, ("pay",), refused, 0.0, True, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I can't pay 20.50!", ["I", "can't", "pay", "20", "50"]),
        ("我要退保", ["我", "要", "退", "保"]),
        ("用Visa卡pay款", ["用", "Visa", "卡", "pay", "款"]),
        ("pre-paid e‐mail", ["pre-paid", "e", "mail"]),
        ("?! …", []),
        ("", []),
    ],
)
def test_a_text_falls_into_words_and_characters(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in pieces(text)] == found


@given(st.text(alphabet="ab 我要\n.é😀", max_size=400))
def test_pieces_are_few_ordered_and_hold_every_letter(text: str) -> None:
    found = pieces(text)
    assert len(found) <= MOST_UNITS
    ends = [0, *(end for _, end in found)]
    assert all(before <= start < end for before, (start, end) in zip(ends, found, strict=False))
    inside = {place for start, end in found for place in range(start, end)}
    assert all(place in inside for place, letter in enumerate(text) if letter.isalpha())
    assert len(left_out(text, found)) == len(found)


def test_very_long_texts_cost_no_more() -> None:
    assert len(pieces("word " * 5_000)) <= MOST_UNITS


def test_leaving_out_leaves_the_rest() -> None:
    text = "where is my card"
    assert left_out(text, pieces(text)) == ["is my card", "where my card", "where is card", "where is my"]
    assert left_out("退保", pieces("退保")) == ["保", "退"]


def test_a_word_that_carries_weighs_more_than_one_that_does_not_and_one_against_less_than_nothing() -> None:
    text = "please do pay not"
    found = explain(
        pieces(text), [prediction(0.9), *map(prediction, (0.9, 0.88, 0.2, 0.97))], [Near("pay", "pay", 0.8)]
    )
    assert (found.intent, found.confidence, found.out_of_scope) == ("pay", 0.9, False)
    please, do, pay, no = (one.weight for one in found.weights)
    assert pay > do > please == 0.0 > no
    assert text[found.weights[2].start : found.weights[2].end] == "pay"


def test_certainty_gives_no_infinite_weight() -> None:
    found = explain(pieces("pay"), [prediction(1.0, refused=True), prediction(0.0)], [])
    assert 0 < found.weights[0].weight < 100 and found.out_of_scope


def test_nearest_examples_come_back_from_the_file_each_text_once(tmp_path: Path) -> None:
    rows = [("pay it", "pay"), ("cancel\nit", "cancel"), ("pay it", "pay"), ("你好", "greet")]
    write_examples(tmp_path, rows)
    vectors = np.asarray([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], dtype=np.float32)
    examples = Examples.load(tmp_path, vectors)
    near = examples.nearest(np.asarray([1, 0], dtype=np.float32), most=2)
    assert [(one.text, one.intent) for one in near] == [("pay it", "pay"), ("你好", "greet")]
    assert near[0].cosine == pytest.approx(1.0)


def test_an_older_bundle_has_none_and_a_garbled_one_is_told(tmp_path: Path) -> None:
    vectors = np.zeros((2, 3), dtype=np.float32)
    assert Examples.load(tmp_path, vectors).nearest(vectors[0]) == ()
    for content in ("{}\n{}\n", "no json\n", '{"text": "a", "intent": "b"}\n'):
        (tmp_path / "examples.jsonl").write_text(content)
        with pytest.raises(PartUnreadable, match="train anew"):
            Examples.load(tmp_path, vectors)
