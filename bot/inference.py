"""Runs a bundle's models off the event loop and hands the turn its reading and wording.

Knows how messages that arrive together share one forward pass; not what a reading leads to. The models are
nlu's and retrieval's; this file only brings them together.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.dialogue.events import Origin
from bot.dialogue.ports import PortError, ReadError, ReadRequest, Wording, WordRequest
from bot.dialogue.reading import Entity, Match, Reading, Sentiment, Verdict
from bot.errors import place_of
from bot.wording import Worder
from nlu.artifacts import Bundle, verify
from nlu.classifier import IntentClassifier, IntentPrediction
from nlu.entities import EntityExtractor
from nlu.explain import Examples, Explanation, Near, explain, left_out, pieces
from nlu.language import detect_language, words
from nlu.sentiment import Feeling, SentimentModel
from nlu.system_entities import SystemEntities
from retrieval.encoder import Encoder, Tokens, load_encoders
from retrieval.index import AnswerIndex, Hit

log = logging.getLogger(__name__)

LARGEST_BATCH = 32
MATCHES = 5
READ_TIMEOUT = 10.0
ENOUGH_WORDS = 3
EXPLAINED_AT_ONCE = 8  # readings of an explanation between which customers' messages come in


@dataclass(frozen=True, slots=True)
class Models:
    """A verified bundle, loaded. `classifier`, `entities` or `index` is None where the project has nothing
    for it, `sentiment` where the bundle is of before that part.
    """

    bundle: Bundle
    retrieval_encoder: Encoder
    intent_encoder: Encoder
    classifier: IntentClassifier | None
    entities: EntityExtractor | None
    index: AnswerIndex | None
    sentiment: SentimentModel | None = None
    examples: Examples | None = None  # with the classifier

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Models:
        """Verify every byte, then load. Raises nlu.errors.BundleError and its kin; nothing unverified is
        opened.
        """
        bundle = verify(folder)
        intent_encoder, retrieval_encoder = load_encoders(folder, threads=threads)
        classifier = IntentClassifier.load(folder / "intents") if "intents" in bundle.parts else None
        return cls(
            bundle=bundle,
            retrieval_encoder=retrieval_encoder,
            intent_encoder=intent_encoder,
            classifier=classifier,
            entities=EntityExtractor.load(folder / "entities") if "entities" in bundle.parts else None,
            index=AnswerIndex.load(folder / "answers") if "answers" in bundle.parts else None,
            examples=Examples.load(folder / "intents", classifier.reference) if classifier else None,
            sentiment=SentimentModel.load(folder / "sentiment") if "sentiment" in bundle.parts else None,
        )


class Inference:
    """The read and word ports over one set of models."""

    def __init__(
        self,
        models: Models,
        languages: Sequence[str],
        worder: Worder,
        *,
        system: SystemEntities | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.models = models
        self.word_with = worder
        self._system = system or SystemEntities(())
        self._languages = tuple(languages)
        self._clock = clock
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._worker: asyncio.Task[None] | None = None
        self._explaining = asyncio.Lock()
        self._queue: asyncio.Queue[tuple[ReadRequest, asyncio.Future[Reading]]] = asyncio.Queue(maxsize=1000)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Reads while open."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        """Begin to read. The first reading is done here, so that no customer waits for a cold model.

        Raises ReadError where that fails; nothing runs on then.
        """
        self._worker = asyncio.create_task(self._work())
        try:
            await self.read(ReadRequest("hello"))
        except BaseException:
            self.let_go()
            raise

    @property
    def ready(self) -> bool:
        """Whether the models are loaded and reading."""
        return self._worker is not None and not self._worker.done()

    async def stop(self) -> None:
        """Let the models go and wait until they are gone."""
        self.let_go()
        if self._worker:
            await asyncio.gather(self._worker, return_exceptions=True)

    def let_go(self) -> None:
        """Read and word no more."""
        if self._worker:
            self._worker.cancel()
        self._executor.shutdown(wait=False)
        self.word_with.let_go()

    async def read(self, request: ReadRequest) -> Reading:
        """What the text means. Raises ReadError (`overloaded`, `timeout`, `model_failed`)."""
        future: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((request, future))
            async with asyncio.timeout(READ_TIMEOUT):
                return await future
        except asyncio.QueueFull as error:
            raise ReadError("overloaded") from error
        except TimeoutError as error:
            raise ReadError("timeout") from error

    async def explain(self, text: str) -> tuple[Explanation, str] | None:
        """Why the text reads as it does, and by which bundle; None without intents. One at a time, in steps
        that let customers' messages in between. Raises ReadError.
        """
        models, loop = self.models, asyncio.get_running_loop()
        if models.classifier is None:
            return None
        places = pieces(text)
        texts = [text, *left_out(text, places)]
        nearest: tuple[Near, ...] = ()
        predictions: list[IntentPrediction] = []
        async with self._explaining:
            for start in range(0, len(texts), EXPLAINED_AT_ONCE):
                step = texts[start : start + EXPLAINED_AT_ONCE]
                try:
                    vectors, found = await loop.run_in_executor(self._executor, self._predict, step)
                except Exception as error:
                    log.error("explaining failed: %s", place_of(error))
                    raise ReadError("model_failed") from error
                if start == 0 and models.examples:
                    nearest = models.examples.nearest(vectors[0])
                predictions += found
        return explain(places, predictions, nearest), models.bundle.id

    def _predict(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[IntentPrediction]]:
        assert self.models.classifier is not None
        vectors = self.models.intent_encoder.encode(texts)
        return vectors, self.models.classifier.predict(vectors, texts)

    async def word(self, request: WordRequest) -> Wording:
        """The words to send for the nearest answers. Raises PortError."""
        best = request.matches[0]
        if not self.word_with.wants(request):
            return Wording(best.text, best.answer_id, Origin.ANSWER)
        try:
            return await self.word_with.word(request)
        except PortError:
            raise
        except Exception as error:
            log.error("wording failed: %s", place_of(error))
            raise PortError("model_failed") from error

    async def _work(self) -> None:
        """Whatever waits when the models become free is read in one pass: no added delay, larger batches
        under load.
        """
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < LARGEST_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                readings = await loop.run_in_executor(self._executor, self._read_batch, [r for r, _ in batch])
            except Exception as error:  # the turns waiting for it end in a person, not in silence
                log.error("reading failed: %s", place_of(error))
                for _, future in batch:
                    if not future.done():
                        future.set_exception(ReadError("model_failed"))
                continue
            for (_, future), reading in zip(batch, readings, strict=True):
                if not future.done():
                    future.set_result(reading)

    def _read_batch(self, requests: Sequence[ReadRequest]) -> list[Reading]:
        models = self.models
        texts = [request.text for request in requests]
        vectors, tokens = self._encode(texts)
        same = models.intent_encoder is models.retrieval_encoder
        intent_vectors = vectors if same else models.intent_encoder.encode(texts)
        predictions = (
            models.classifier.predict(intent_vectors, texts) if models.classifier else [None] * len(texts)
        )
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        hits = (
            models.index.search(vectors, texts, top=MATCHES, today=today)
            if models.index
            else [[]] * len(texts)
        )
        feelings = models.sentiment.read(vectors, texts) if models.sentiment else [None] * len(texts)
        readings = [
            self._reading(request, prediction, found, own)
            for request, prediction, found, own in zip(requests, predictions, hits, tokens, strict=True)
        ]
        return [
            replace(reading, sentiment=_sentiment(feeling) if feeling else None)
            for reading, feeling in zip(readings, feelings, strict=True)
        ]

    def _encode(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Sequence[Tokens | None]]:
        """Sentence vectors, and of the same pass the token vectors where a tagger waits for them."""
        encoder, entities = self.models.retrieval_encoder, self.models.entities
        waits = entities is not None and entities.reads_tokens
        return encoder.encode_tokens(texts) if waits else (encoder.encode(texts), [None] * len(texts))

    def _reading(
        self,
        request: ReadRequest,
        prediction: IntentPrediction | None,
        hits: Sequence[Hit],
        tokens: Tokens | None,
    ) -> Reading:
        language = self._language(request)
        found = self.models.entities.extract(request.text, tokens) if self.models.entities else ()
        found = self._system.join(found, request.text, language=language, at=request.at or self._clock())
        return Reading(
            verdicts=tuple(Verdict(name, p) for name, p in prediction.verdicts) if prediction else (),
            prediction_set=prediction.prediction_set if prediction else (),
            out_of_scope=prediction.out_of_scope if prediction else False,
            guaranteed=prediction.guaranteed if prediction else False,
            sure=self._sure(prediction),
            entities=tuple(
                Entity(e.name, e.value, e.start, e.end, e.role, e.group, e.extractor, e.confidence, e.details)
                for e in found
            ),
            matches=tuple(self._match(hit, language) for hit in hits),
            language=language,
            bundle=self.models.bundle.id,
        )

    def _sure(self, prediction: IntentPrediction | None) -> bool | None:
        classifier = self.models.classifier
        return None if not prediction or not classifier or classifier.sure_from is None else prediction.sure

    def _language(self, request: ReadRequest) -> str:
        """The language of the text among the bot's; too few words ('OK', a number) leave the conversation's
        as it was.
        """
        spoken = request.language or self._languages[0]
        written = detect_language(request.text, self._languages, default=spoken)
        telling = written == "zh" or request.language is None or len(words(request.text)) >= ENOUGH_WORDS
        return written if telling else spoken

    def _match(self, hit: Hit, language: str) -> Match:
        assert self.models.index is not None
        answer = self.models.index.answer(hit.answer_id)
        spoken = language if language in answer.text else hit.language
        text = answer.text.get(spoken) or next(iter(answer.text.values()))
        asked = answer.questions.get(spoken) or next(iter(answer.questions.values()), ())
        known = any(hit.variant in questions for questions in answer.questions.values())
        question = hit.variant if known else next(iter(asked), "")  # the answer's own text may have matched
        return Match(hit.answer_id, hit.score, hit.variant, text, spoken, answer.vetted, question)


def _sentiment(feeling: Feeling) -> Sentiment:
    """Rounded: it goes on record with every message."""
    negative, neutral, positive = (round(share, 4) for share in feeling.polarity)
    return Sentiment(negative, neutral, positive, round(feeling.anger, 4))
