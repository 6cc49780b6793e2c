"""Reading messages with a bundle's models: the language a message leaves, and the questions offered for
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.dialogue.ports import ReadError, ReadRequest
from bot.inference import Inference
from bot.reader import Models
from bot.wording import Plain
from nlu.artifacts import Bundle
from nlu.classifier import Head, IntentClassifier
from nlu.explain import Examples
from nlu.next_action import StoryWords
from nlu.ngrams import no_wide
from nlu.requests import RequestModel
from nlu.sentiment import SentimentModel, signs
from retrieval.answers import Answer
from retrieval.encoder import Encoder
from retrieval.index import AnswerIndex
from tests.nlu.test_classifier import SETTINGS
from tests.nlu.test_next_action import MODEL

ANSWERS = (
    Answer(
        "hours",
        {"en": "From nine to five, Monday to Friday.", "zh": "周一至周五九点到五点。"},
        {"en": ("When are you open?",), "zh": ("几点开门？",)},
    ),
    Answer("silent", {"en": "Nobody asked for this."}, {}),
)


class Letters:
    """An encoder that counts letters: enough for texts to lie near themselves."""

    dim = 64

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dim), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for letter in text.casefold():
                row[ord(letter) % self.dim] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def shouting() -> SentimentModel:
    """Takes exclamation marks for anger, and nothing else for anything."""
    marks = np.zeros((len(signs("")), 4), dtype=np.float32)
    marks[7] = [9.0, 0.0, 0.0, 9.0]
    vector, ngrams, bias = (np.zeros(shape, dtype=np.float32) for shape in ((Letters.dim, 4), (8, 4), 4))
    return SentimentModel(vector, ngrams, marks, bias)


def of_letters(letters: Encoder) -> tuple[IntentClassifier, Examples]:
    """Takes a z for `greet`, a q for the opposite and an x for `faq`."""
    zeros = {
        "ngrams": (8, 2),
        "w1": (Letters.dim + 2, 3),
        "b1": 3,
        "w2": (3, 3),
        "b2": 3,
        "linear": (Letters.dim, 3),
    }
    tensors = {name: np.zeros(shape, dtype=np.float32) for name, shape in zeros.items()}
    tensors["linear"][ord("z") % Letters.dim, 1] = 5.0
    tensors["linear"][ord("q") % Letters.dim, 1] = -5.0
    tensors["linear"][ord("x") % Letters.dim, 0] = 5.0
    rows = (("zzz", "greet"), ("hello", "faq"))
    reference = letters.encode([text for text, _ in rows])
    classifier = IntentClassifier(Head(**tensors, wide=no_wide(3), reference=reference, scale=1.0), SETTINGS)
    return classifier, Examples(rows, reference)


@pytest.fixture
async def reader() -> AsyncIterator[Inference]:
    letters = cast(Encoder, Letters())
    texts = [text for answer in ANSWERS for _, text in answer.variants()]
    classifier, examples = of_letters(letters)
    models = Models(
        bundle=cast(Bundle, type("Made", (), {"id": "made", "folder": Path(), "parts": ("answers",)})()),
        retrieval_encoder=letters,
        intent_encoder=letters,
        classifier=classifier,
        entities=None,
        index=AnswerIndex.build(ANSWERS, letters.encode(texts)),
        sentiment=shouting(),
        examples=examples,
    )
    inference = Inference(models, ("en", "zh"), Plain())
    async with inference.running():
        yield inference


@pytest.mark.parametrize(
    ("text", "spoken", "language"),
    [
        ("where is my claim", None, "en"),
        ("where is my claim", "zh", "en"),
        ("HL-654321", "zh", "zh"),
        ("OK", "zh", "zh"),
        ("the Gold plan", "zh", "en"),
        ("Gold plan", "zh", "zh"),
        ("Gold plan", None, "en"),
        ("42", None, "en"),
        ("保单号", "en", "zh"),
    ],
)
async def test_too_few_words_leave_the_conversation_in_its_language(
    reader: Inference, text: str, spoken: str | None, language: str
) -> None:
    assert (await reader.read(ReadRequest(text, spoken))).language == language


async def test_the_learned_policy_is_a_port_where_the_bundle_has_it(reader: Inference) -> None:
    assert reader.foresee is None
    models = replace(reader.models, next_action=MODEL)
    inference = Inference(models, ("en",), Plain())
    assert inference.foresee is not None
    forecast = inference.foresee([{"did ask": 1.0}, {"intent yes": 1.0}])
    assert forecast is not None and forecast.action == "utter_done" and forecast.probability > 0.9
    assert inference.foresee([{"slot much=amount": 1.0}, {}]) is None
    inference.let_go()


async def test_a_reading_tells_which_words_of_stories_a_message_is_like(reader: Inference) -> None:
    vectors = cast(Encoder, Letters()).encode(["refund please", "zzz"])
    words = StoryWords(("refund please", "zzz"), vectors)
    inference = Inference(replace(reader.models, next_action=replace(MODEL, words=words)), ("en",), Plain())
    async with inference.running():
        read = await inference.read(ReadRequest("please refund"))
        assert [likeness.text for likeness in read.likenesses] == ["refund please"]
        assert read.likenesses[0].score == pytest.approx(1.0, abs=1e-3)
    assert (await reader.read(ReadRequest("please refund"))).likenesses == ()


async def test_an_answer_is_offered_by_its_question_whatever_matched(reader: Inference) -> None:
    [found] = [
        match
        for match in (await reader.read(ReadRequest(ANSWERS[0].text["en"]))).matches
        if match.answer_id == "hours"
    ]
    assert (found.variant, found.question) == (ANSWERS[0].text["en"], "When are you open?")
    [nameless] = [
        match
        for match in (await reader.read(ReadRequest(ANSWERS[1].text["en"]))).matches
        if match.answer_id == "silent"
    ]
    assert nameless.question == ""


async def test_every_reading_says_how_the_message_sounds(reader: Inference) -> None:
    calm, loud = [(await reader.read(ReadRequest(text))).sentiment for text in ("my claim", "my claim!!!")]
    assert calm and calm.negative + calm.neutral + calm.positive == pytest.approx(1.0, abs=1e-3)
    assert loud and loud.anger > 0.9 > calm.anger


async def test_an_explanation_names_the_words_that_spoke_for_and_against(reader: Inference) -> None:
    text = "zz aa q"
    found = await reader.explain(text)
    assert found is not None
    explanation, bundle = found
    assert (explanation.intent, bundle) == ("greet", "made")
    assert explanation.confidence == pytest.approx(
        (await reader.read(ReadRequest(text))).verdicts[0].probability
    )
    weights = {text[one.start : one.end]: one.weight for one in explanation.weights}
    assert weights["zz"] > 0 > weights["q"] and weights["zz"] > abs(weights["aa"])
    assert [(near.text, near.intent) for near in explanation.nearest] == [("zzz", "greet"), ("hello", "faq")]


async def test_messages_are_read_while_long_ones_are_explained(reader: Inference) -> None:
    words = " ".join(f"z{number}" for number in range(60))
    explained, read, again = await asyncio.gather(
        reader.explain(words), reader.read(ReadRequest("hello")), reader.explain("zzz")
    )
    assert explained and again and len(explained[0].weights) <= 40
    assert read.verdicts


async def test_explaining_with_models_that_are_gone_is_an_error_of_reading(reader: Inference) -> None:
    reader.let_go()
    with pytest.raises(ReadError):
        await reader.explain("zzz")


async def test_without_intents_nothing_is_explained(reader: Inference) -> None:
    reader.models = replace(reader.models, classifier=None)
    assert await reader.explain("zzz") is None


async def test_two_clauses_of_different_intents_are_two_requests(reader: Inference) -> None:
    text = "zzz zzz zzz zzz and where xxx xxx xxx xxx"
    found = (await reader.read(ReadRequest(text))).requests
    assert [(r.intent, text[r.start : r.end]) for r in found] == [
        ("greet", "zzz zzz zzz zzz"),
        ("faq", "where xxx xxx xxx xxx"),
    ]
    assert (await reader.read(ReadRequest("zzz zzz zzz zzz and where zzz zzz zzz"))).requests == ()


async def test_requests_learnt_from_joined_examples_come_before_clauses(reader: Inference) -> None:
    none = no_wide(2)
    always = RequestModel(
        ("greet", "block"),
        np.zeros((Letters.dim, 2), np.float32),
        np.asarray([2, 1], np.float32),
        none,
        1.0,
        0,
    )
    inference = Inference(replace(reader.models, requests=always), ("en",), Plain())
    async with inference.running():
        found = (await inference.read(ReadRequest("zzz zzz"))).requests
    assert [(r.intent, r.start, r.end) for r in found] == [("greet", 0, 7), ("block", 0, 7)]


async def test_a_message_that_cannot_be_read_spoils_none_beside_it(
    reader: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = await reader.read(ReadRequest("zzz 卡"))
    encode = Letters.encode

    def choosy(self: Letters, texts: Sequence[str]) -> Any:
        if "spoilt" in texts:
            raise RuntimeError("the library's own trouble")
        return encode(self, texts)

    monkeypatch.setattr(Letters, "encode", choosy)
    texts = ("zzz 卡", "spoilt", "zzz 卡")
    found = await asyncio.gather(*(reader.read(ReadRequest(t)) for t in texts), return_exceptions=True)
    assert isinstance(found[1], ReadError)
    assert found[0] == found[2] == alone


async def test_half_a_character_is_read(reader: Inference) -> None:
    assert (await reader.read(ReadRequest("zzz \ud83d"))).verdicts[0].intent == "greet"
