"""Several requests in one message, learnt from labels that join intents."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nlu.errors import PartUnreadable
from nlu.requests import SETTINGS, RequestModel, parts_of
from training.intent_rows import Rows, labelled
from training.requests import fit_requests

SAYS = {
    "greet": ("hello", "good morning", "hi there", "hello bot"),
    "balance": ("what is my balance", "show my balance", "the balance please", "balance now"),
    "block": ("block my card", "please block the card", "block this card", "card must be blocked"),
}


def vectors(texts: tuple[str, ...]) -> NDArray[np.float32]:
    """No more than the length of each text: the n-grams have to tell."""
    return np.asarray([[len(text) / 50.0, 1.0] for text in texts], dtype=np.float32)


def rows(*, joined: bool) -> Rows:
    pairs = [(text, intent) for intent, texts in SAYS.items() for text in texts]
    pairs += [("tell me a joke", "out_of_scope"), ("who won the game", "out_of_scope")]
    if joined:
        for first, second in (("greet", "balance"), ("greet", "block"), ("balance", "block")):
            pairs += [
                (f"{a}, {b}", f"{first}+{second}") for a, b in zip(SAYS[first], SAYS[second], strict=True)
            ]
    texts = tuple(text for text, _ in pairs)
    return labelled(texts, [label for _, label in pairs], vectors(texts))


def test_both_requests_of_a_message_are_found() -> None:
    model = fit_requests(rows(joined=True), seed=0)
    assert model is not None
    assert model.intents == ("balance", "block", "greet")
    texts = ("hi there, show my balance", "block my card now", "sing me a song")
    both, one, none = model.read(vectors(texts), texts)
    assert {name for name, _ in both} == {"greet", "balance"}
    assert [name for name, _ in one] == ["block"]
    assert none == ()
    assert all(0.5 <= p <= 1 for _, p in both)


def test_without_joined_labels_there_is_no_model(tmp_path: Path) -> None:
    assert fit_requests(rows(joined=False), seed=0) is None
    assert RequestModel.load(tmp_path) is None


def test_a_model_reads_the_same_from_its_files(tmp_path: Path) -> None:
    model = fit_requests(rows(joined=True), seed=0)
    assert model is not None
    model.save(tmp_path)
    again = RequestModel.load(tmp_path)
    assert again is not None
    texts = ("good morning, block this card", "balance")
    assert again.read(vectors(texts), texts) == model.read(vectors(texts), texts)


def test_a_request_that_every_message_makes_is_always_there() -> None:
    texts = ("a one", "a two", "a three", "b one", "b two", "b three")
    labels = ("all+one", "all+two", "all", "all+one", "all+two", "all")
    model = fit_requests(labelled(texts, labels, vectors(texts)), seed=0)
    assert model is not None
    assert all("all" in dict(found) for found in model.read(vectors(texts), texts))


def test_the_same_seed_gives_the_same_model() -> None:
    np.random.seed(1)
    one = fit_requests(rows(joined=True), seed=0)
    np.random.seed(2)
    two = fit_requests(rows(joined=True), seed=0)
    assert one and two and np.array_equal(one.linear, two.linear)
    assert (one.slope, one.offset) == (two.slope, two.offset)


def test_where_every_message_makes_all_requests_there_is_nothing_to_tell() -> None:
    texts = ("a one", "a two", "a three")
    assert fit_requests(labelled(texts, ["a+b"] * 3, vectors(texts)), seed=0) is None


@pytest.mark.parametrize(("label", "parts"), [("a+b", ("a", "b")), ("c++", ("c",)), ("plain", ("plain",))])
def test_the_parts_of_a_label(label: str, parts: tuple[str, ...]) -> None:
    assert parts_of(label) == parts


def test_a_file_of_another_format_is_an_error(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text('{"format": 99}')
    with pytest.raises(PartUnreadable, match="format 99"):
        RequestModel.load(tmp_path)
