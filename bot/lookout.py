"""Hears what is recorded: at once where this process recorded it, within a look where another did.

Knows who waits for an answer here and which conversations are watched here; not what is in them. The store is
the truth: `look` asks it in two small queries, whatever the number of those who wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from bot.hub import Hub
from bot.store.log import Numbered
from bot.store.store import Store


class Lookout:
    def __init__(self, store: Store, hub: Hub) -> None:
        self._store = store
        self._hub = hub
        self._expected: dict[int, asyncio.Future[list[Numbered]]] = {}
        self._heard: dict[str, int] = {}

    def expect(self, inbox_id: int) -> None:
        """Somebody may ask for the answer to this message."""
        self._expected.setdefault(inbox_id, asyncio.get_running_loop().create_future())

    async def answer(self, inbox_id: int, *, timeout: float) -> list[Numbered] | None:
        """The events that answered the message, or None if nothing did within `timeout` seconds."""
        future = self._expected.get(inbox_id)
        if future is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    return await asyncio.shield(future)
        return await self._store.log.turn(inbox_id) or None

    def tell(self, conversation_id: str, inbox_id: int, items: Sequence[Numbered]) -> None:
        """This process recorded the message's turn."""
        self._settle(inbox_id, items)
        if items and conversation_id in self._heard:
            self._heard[conversation_id] = items[-1].seq
        self._hub.ring(conversation_id)

    async def look(self) -> None:
        """Tell what other processes recorded since the last look. Raises StoreError."""
        expected = list(self._expected)
        waiting = await self._store.inbox.unanswered(expected)
        for inbox_id in expected:
            if inbox_id not in waiting and inbox_id in self._expected:
                self._settle(inbox_id, await self._store.log.turn(inbox_id))
        lengths = await self._store.log.lengths(self._hub.watched())
        grown = [each for each, seq in lengths.items() if self._heard.get(each) != seq]
        self._heard = lengths
        for conversation_id in grown:
            self._hub.ring(conversation_id)

    def _settle(self, inbox_id: int, items: Sequence[Numbered]) -> None:
        future = self._expected.pop(inbox_id, None)
        if future and not future.done():
            future.set_result(list(items))
