"""Tells watchers that a conversation's log has grown. A doorbell, not a truth: whoever hears it reads the
store.

Knows who watches what in this process; carries no event and survives no restart. Beside the bell it passes on
who is typing, which is on no record and reaches this process's pages only.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

EVERYTHING = "*"
MOST_HINTS = 8  # waiting for one page; what comes on top is dropped, the next will do

Typist = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody is writing; `name` is an agent's account."""

    conversation_id: str
    who: Typist
    name: str | None = None


class Hub:
    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._listeners: dict[str, set[asyncio.Queue[Hint]]] = defaultdict(set)

    @contextmanager
    def watching(self, conversation_id: str = EVERYTHING) -> Iterator[asyncio.Event]:
        """An event that is set at each ring; the watcher clears it, reads, and waits again."""
        bell = asyncio.Event()
        self._watchers[conversation_id].add(bell)
        try:
            yield bell
        finally:
            self._watchers[conversation_id].discard(bell)
            if not self._watchers[conversation_id]:
                del self._watchers[conversation_id]

    def watched(self) -> list[str]:
        """The conversations that somebody watches by name."""
        return [name for name in self._watchers if name != EVERYTHING]

    def ring(self, conversation_id: str) -> None:
        """Something was recorded in this conversation."""
        for name in (conversation_id, EVERYTHING):
            for bell in self._watchers.get(name, ()):
                bell.set()

    @contextmanager
    def overhearing(self, conversation_id: str = EVERYTHING) -> Iterator[asyncio.Queue[Hint]]:
        """Who is typing there, as it comes."""
        hints: asyncio.Queue[Hint] = asyncio.Queue(MOST_HINTS)
        self._listeners[conversation_id].add(hints)
        try:
            yield hints
        finally:
            self._listeners[conversation_id].discard(hints)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    def hint(self, hint: Hint) -> None:
        """Somebody is typing."""
        for name in (hint.conversation_id, EVERYTHING):
            for hints in self._listeners.get(name, ()):
                with suppress(asyncio.QueueFull):
                    hints.put_nowait(hint)
