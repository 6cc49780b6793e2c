"""Tells watchers that a conversation's log has grown. A doorbell, not a truth: whoever hears it reads the
store.

Knows who watches what in this process; carries no event and survives no restart.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

EVERYTHING = "*"


class Hub:
    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = defaultdict(set)

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
