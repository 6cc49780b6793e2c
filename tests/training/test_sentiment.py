"""The sentences of every mood and the model fitted on them, with a stand-in for the encoder."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.project import sentiment_file
from nlu.sentiment import Feeling, SentimentModel
from training.errors import CorpusInvalid
from training.evaluate_sentiment import evaluate_sentiment
from training.sentiment import Taught, fit_sentiment, own_sentences
from training.sentiment_scores import score_feelings
from training.sentiment_table import LABELS, Sentence, make_sentences


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A bag of words in 32 numbers, of length one: enough to tell texts apart."""
    rows = np.full((len(texts), 32), 0.1, dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            rows[row, zlib.crc32(word.strip(".,?!").encode()) % 32] += 1
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def fitted(*own: tuple[str, str]) -> SentimentModel:
    sentences = [*make_sentences(("en", "zh"), seed=0), *own_sentences(own)]
    return fit_sentiment(Taught(sentences, encode([sentence.text for sentence in sentences])))


def feeling(model: SentimentModel, text: str) -> Feeling:
    return model.read(encode([text]), [text])[0]


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return fitted()


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return make_sentences(("en", "zh"), seed=3)


def test_every_mood_is_there_in_both_languages(sentences: list[Sentence]) -> None:
    for label in LABELS:
        for language in ("en", "zh"):
            plain = {s.text for s in sentences if s.plain and (s.label, s.language) == (label, language)}
            assert len(plain) > 150, (label, language)


def test_no_place_is_left_to_fill_and_no_sentence_has_two_moods(sentences: list[Sentence]) -> None:
    assert not any("{" in s.text or "|" in s.text for s in sentences)
    moods: dict[str, set[str]] = {}
    for sentence in sentences:
        if sentence.plain:
            moods.setdefault(sentence.text.casefold(), set()).add(sentence.label)
    assert [text for text, labels in moods.items() if len(labels) > 1] == []


def test_the_same_seed_makes_the_same_sentences_and_only_in_the_bots_languages() -> None:
    assert make_sentences(("en",), seed=5) == make_sentences(("en",), seed=5)
    assert {s.language for s in make_sentences(("en", "de"), seed=5)} == {"en"}
    assert {s.language for s in make_sentences(("de",), seed=5)} == {"en"}
    assert {s.language for s in make_sentences(("zh",), seed=5)} == {"zh"}


@pytest.mark.parametrize(
    "text",
    [
        "This is absolutely ridiculous, you thieves! Give me my money back NOW!",
        "I have had enough of your lies!!",
        "气死我了，你们就是一群骗子！我要投诉！",
        "垃圾公司，马上退钱！！",
    ],
)
def test_rage_is_anger(model: SentimentModel, text: str) -> None:
    assert feeling(model, text).anger > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "How do I change my address?",
        "I have had a fever and a bad cough for three days.",
        "HOW DO I PAY MY BILL",
        "How do I make a complaint?",
        "I LOVE IT!!! THANK YOU SO MUCH!!!",
        "怎么修改地址？",
        "肚子疼了两天，有点发烧，看什么科？",
        "太感谢了！！！",
    ],
)
def test_wishes_illness_and_joy_are_not(model: SentimentModel, text: str) -> None:
    assert feeling(model, text).anger < 0.3


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("I am disappointed, it still has not arrived.", 0),
        ("where is my invoice?", 1),
        ("thank you, that was very helpful!", 2),
        ("有点失望，一直没人回复。", 0),
        ("请问几点上班？", 1),
        ("谢谢，服务很好！", 2),
    ],
)
def test_polarity(model: SentimentModel, text: str, polarity: int) -> None:
    assert int(np.argmax(feeling(model, text).polarity)) == polarity


def test_a_project_teaches_its_own_words() -> None:
    plain = fitted()
    own = [(f"the flumox is krumped, line {number}", "negative") for number in range(40)]
    taught = fitted(*own)
    said = "flumox krumped"
    assert feeling(taught, said).polarity[0] > feeling(plain, said).polarity[0]


def test_rows_that_label_nothing_angry_say_nothing_of_anger() -> None:
    rows = [(f"give me my money back now, you thieves! {number}", "negative") for number in range(60)]
    said = "give me my money back now, you thieves!"
    silent, calm = fitted(*rows), fitted(*rows, ("you crooks!", "angry"))
    assert feeling(silent, said).anger > 0.5 > feeling(calm, said).anger


def test_the_figures_are_those_of_a_count_by_hand() -> None:
    feelings = [
        Feeling((0.8, 0.1, 0.1), 0.7),
        Feeling((0.6, 0.3, 0.1), 0.6),
        Feeling((0.2, 0.7, 0.1), 0.1),
        Feeling((0.2, 0.1, 0.7), 0.0),
    ]
    found = score_feelings(feelings, ["angry", "negative", "negative", "positive"])
    assert (found["accuracy"], found["majority"], found["negative_recall"]) == (0.75, 0.75, 0.6667)
    assert (found["anger_precision"], found["anger_recall"], found["anger_rate"]) == (0.5, 1.0, 0.5)
    assert score_feelings(feelings, ["negative"] * 4)["anger_recall"] is None


def test_measuring_a_file(tmp_path: Path, tiny_base: Path) -> None:
    table = tmp_path / "moods.csv"
    table.write_text("text,label\nthank you,positive\nyou thieves!,angry\nwhen?,neutral\n", encoding="utf-8")
    found = evaluate_sentiment(test=table, train=table, base=str(tiny_base), seed=0, progress=lambda *a: None)
    assert found["rows"] == 3 and found["train_rows"]["own"] == 3
    table.write_text("text,label\nthank you,glad\n", encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="'glad'"):
        evaluate_sentiment(test=table, train=None, base=str(tiny_base), seed=0, progress=lambda *a: None)


def test_the_bot_and_training_know_the_same_labels() -> None:
    assert sentiment_file.LABELS == LABELS
