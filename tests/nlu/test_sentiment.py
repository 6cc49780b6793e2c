"""Moods out of vectors and texts: what the arithmetic promises, and files that cannot be read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nlu.errors import PartUnreadable
from nlu.sentiment import FACES, SentimentModel, signs

DIM, BUCKETS = 4, 64


def drawn(seed: int = 0) -> SentimentModel:
    chance = np.random.default_rng(seed)

    def array(*shape: int) -> NDArray[np.float32]:
        return chance.normal(size=shape).astype(np.float32)

    ngrams = array(BUCKETS, 4).astype(np.float16).astype(np.float32)
    return SentimentModel(array(DIM, 4), ngrams, array(len(signs("")), 4), array(4))


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(0, 50))
def test_probabilities_sum_to_one_and_anger_is_part_of_negative(text: str, seed: int) -> None:
    vector = np.random.default_rng(seed).normal(size=(1, DIM)).astype(np.float32)
    (feeling,) = drawn(seed).read(vector, [text])
    assert sum(feeling.polarity) == pytest.approx(1.0, abs=1e-5)
    assert 0.0 <= feeling.anger <= feeling.polarity[0] + 1e-6


def test_a_message_reads_the_same_alone_and_among_others() -> None:
    texts = ["WHERE is it?!", "", "谢谢！"]
    vectors = np.eye(3, DIM, dtype=np.float32)
    together = drawn().read(vectors, texts)
    alone = [drawn().read(vectors[i : i + 1], [text])[0] for i, text in enumerate(texts)]
    for one, other in zip(together, alone, strict=True):
        assert one.polarity == pytest.approx(other.polarity, abs=1e-6)
        assert one.anger == pytest.approx(other.anger, abs=1e-6)
    assert drawn().read(vectors[:0], []) == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [("really?", 0), ("😡", 1), ("thanks :)", 2), ("oh no :(", 3), ("好了吗", 4)],
)
def test_questions_and_faces_show(text: str, sign: int) -> None:
    assert signs(text)[sign] > 0 == signs("plain words")[sign]


@pytest.mark.parametrize(
    ("text", "sign"),
    [("MY MONEY", 5), ("where IS it, the money", 5), ("no!", 7), ("没有！！", 8), ("well...", 9)],
)
def test_shouting_shows_apart_from_faces(text: str, sign: int) -> None:
    assert sign >= FACES
    if text != "where IS it, the money":  # a word of two letters is no shout
        assert signs(text)[sign] > 0
    assert signs("plain words")[sign] == 0


def test_a_link_is_no_sad_face() -> None:
    assert signs("see https://example.org")[3] == 0


def test_it_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    model, vectors, texts = drawn(), np.eye(2, DIM, dtype=np.float32), ["hello", "再见"]
    model.save(tmp_path)
    assert SentimentModel.load(tmp_path).read(vectors, texts) == model.read(vectors, texts)


def test_what_cannot_be_read_is_said_and_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(PartUnreadable, match="train it again"):
        SentimentModel.load(tmp_path)
    model = drawn()
    SentimentModel(model.vector, model.ngrams, model.signs[:3], model.bias).save(tmp_path)
    with pytest.raises(PartUnreadable, match="another shape"):
        SentimentModel.load(tmp_path)
    (tmp_path / "sentiment.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(PartUnreadable, match="format 99"):
        SentimentModel.load(tmp_path)
