"""Runs a bundle's models off the event loop and hands the turn its reading, wording and forecast.

Knows queue and thread: messages that wait go to the models in one hop, and are read one by one. What they
say is bot/reader.py's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from bot.dialogue.events import Origin
from bot.dialogue.ports import (
    Features,
    Forecast,
    Foresee,
    PortError,
    ReadError,
    ReadRequest,
    Wording,
    WordRequest,
)
from bot.dialogue.reading import Reading
from bot.errors import place_of
from bot.reader import Models, Reader
from bot.wording import Worder
from nlu.classifier import IntentPrediction
from nlu.explain import Explanation, Near, explain, left_out, pieces
from nlu.next_action import NOTHING, NextActionModel
from nlu.system_entities import SystemEntities

log = logging.getLogger(__name__)

LARGEST_BATCH = 32
READ_TIMEOUT = 10.0
EXPLAINED_AT_ONCE = 8  # readings of an explanation between which customers' messages come in


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
        self._reader = Reader(models, languages, system or SystemEntities(()), clock)
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

    @property
    def foresee(self) -> Foresee | None:
        """The port of the learned policy, which answers here and now: it takes a tenth of a millisecond. None
        where the bundle has none.
        """
        model = self.models.next_action
        return partial(_foreseen, model) if model else None

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
                    vectors, found = await loop.run_in_executor(self._executor, self._reader.predict, step)
                except Exception as error:
                    log.error("explaining failed: %s", place_of(error))
                    raise ReadError("model_failed") from error
                if start == 0 and models.examples:
                    nearest = models.examples.nearest(vectors[0])
                predictions += found
        return explain(places, predictions, nearest), models.bundle.id

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
        """Whatever waits when the models become free is read in one hop to their thread and back."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < LARGEST_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            readings = await loop.run_in_executor(self._executor, self._read_each, [r for r, _ in batch])
            for (_, future), reading in zip(batch, readings, strict=True):
                if future.done():
                    continue
                if isinstance(reading, ReadError):
                    future.set_exception(reading)
                else:
                    future.set_result(reading)

    def _read_each(self, requests: Sequence[ReadRequest]) -> list[Reading | ReadError]:
        """One message that cannot be read ends in a person; those beside it are read."""
        found: list[Reading | ReadError] = []
        for request in requests:
            try:
                found.append(self._reader.read(request))
            except Exception as error:
                log.error("reading failed: %s", place_of(error))
                found.append(ReadError("model_failed"))
        return found


def _foreseen(model: NextActionModel, states: Sequence[Features]) -> Forecast | None:
    """The likeliest next action after these states, of those that stories tell."""
    chances = model.chances(states)
    action = max(chances, key=chances.__getitem__)
    return Forecast(action, chances[action], chances) if action != NOTHING else None
