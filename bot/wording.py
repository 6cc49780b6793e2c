"""Chooses among near-tied answers and words a reply, where a response model was measured to do it better.

Knows the generator (in this process) or a completion server, and that nothing it wrote is said before it is
verified against its source. Fails towards the stored answer itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from bot.completion import Completion
from bot.dialogue.events import Origin
from bot.dialogue.message import Line as Said
from bot.dialogue.ports import Wording, WordRequest
from bot.dialogue.reading import Match
from nlu.causal_model import OutOfTime
from nlu.generator import Generator
from nlu.prompt import Dialogue, Line
from retrieval.verification import verify


class Worder(Protocol):
    """Words answers. `wants` says without any work whether there is something to do for this request."""

    def wants(self, request: WordRequest) -> bool: ...

    async def word(self, request: WordRequest) -> Wording:
        """Raises PortError."""
        ...

    def let_go(self) -> None:
        """Word no more."""
        ...


class Plain:
    """Sends the nearest stored answer as it is: the default, and what every other way falls back to."""

    def wants(self, request: WordRequest) -> bool:
        return False

    async def word(self, request: WordRequest) -> Wording:
        best = request.matches[0]
        return Wording(best.text, best.answer_id, Origin.ANSWER)

    def let_go(self) -> None:
        """Nothing runs here."""


@dataclass(frozen=True, slots=True)
class LocalWorder:
    """The bundle's own generator; it obeys what its training measured (`choosing.use`, `reword`)."""

    generator: Generator
    executor: ThreadPoolExecutor

    def wants(self, request: WordRequest) -> bool:
        settings = self.generator.settings
        return settings.reword or (settings.choosing.use and len(request.matches) > 1)

    async def word(self, request: WordRequest) -> Wording:
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._word, request)

    def let_go(self) -> None:
        """End the thread that words; a wording under way still ends."""
        self.executor.shutdown(wait=False)

    def _word(self, request: WordRequest) -> Wording:
        dialogue = Dialogue(_lines(request.lines), request.language)
        place = self.generator.pick(dialogue, [(match.text, match.score) for match in request.matches])
        match = request.matches[place]
        origin = Origin.CHOSEN if place else Origin.ANSWER
        if not self.generator.settings.reword:
            return Wording(match.text, match.answer_id, origin)
        try:
            draft = self.generator.reword(dialogue, match.text)
        except OutOfTime:
            draft = None
        return verified(match, draft, origin)


@dataclass(frozen=True, slots=True)
class ServerWorder:
    """An OpenAI-compatible server words the nearest answer."""

    completion: Completion

    def wants(self, request: WordRequest) -> bool:
        return True

    async def word(self, request: WordRequest) -> Wording:
        best = request.matches[0]
        draft = await self.completion.reword(Dialogue(_lines(request.lines), request.language), best.text)
        return verified(best, draft, Origin.ANSWER)

    def let_go(self) -> None:
        """The server is not ours, and the session belongs to whoever opened it."""


def verified(match: Match, draft: str | None, otherwise: Origin) -> Wording:
    """The draft if it keeps every fact of its source and adds none, else the source; the check goes on
    record.
    """
    if not draft or draft == match.text:
        return Wording(match.text, match.answer_id, otherwise)
    faults = verify(draft, [match.text])
    checks = {"verified": not faults, "faults": sorted({finding.fault for finding in faults})}
    if faults:
        return Wording(match.text, match.answer_id, otherwise, checks)
    return Wording(draft, match.answer_id, Origin.REWORDED, checks)


def _lines(lines: Sequence[Said]) -> tuple[Line, ...]:
    return tuple(Line("customer" if line.speaker == "customer" else "agent", line.text) for line in lines)
