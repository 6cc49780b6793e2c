"""One Socket.IO connection of one customer: its session, what it may send, and what it was sent.

Knows the log and the doorbell; not the library that carries the messages (socketio).
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.channels.contract import Turns, inbound
from bot.channels.socketio_sessions import conversation_of
from bot.channels.socketio_shapes import shapes
from bot.errors import FrontdeskError, place_of
from bot.hub import Hub
from bot.store.errors import StoreError
from bot.store.store import Store

log = logging.getLogger(__name__)

CHANNEL = "socketio"
NOT_TAKEN = "Your message could not be taken. Please send it again."


@dataclass(slots=True)
class SocketIoPage:
    """`send` takes one bot message to this connection. `owner` is whom its token names; `stranger` the key of
    its address. `asked` is the session's id as the client named it, `session` as it was confirmed. `sent` is
    the last event it was sent.
    """

    send: Callable[[Any], Awaitable[None]]
    turns: Turns
    store: Store
    hub: Hub
    clock: Callable[[], float]
    look_again: float
    owner: str | None = None
    stranger: str | None = None
    asked: str | None = None
    session: str | None = None
    sent: int = 0
    refused: int = 0
    _watcher: asyncio.Task[None] | None = None

    @property
    def conversation_id(self) -> str:
        return conversation_of(self.session or "", self.owner)

    async def enter(self, session: str, *, seen: int | None = None, fresh: bool = False) -> None:
        """Be told from now on what is said in this session; `seen` is what an earlier connection of it was
        told, `fresh` says that there was none. Raises StoreError; then everything is as it was.
        """
        found = None if fresh else await self.store.queue.find(conversation_of(session, self.owner))
        last = found.last_seq if found else 0
        await self.leave()
        self.session, self.sent = session, last if seen is None else min(seen, last)
        self._watcher = asyncio.create_task(self._watch())

    async def leave(self) -> None:
        """Be told nothing more."""
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def say(self, text: str, metadata: dict[str, Any]) -> None:
        """A customer's message. Where it cannot be kept, words say so: the protocol has nothing else."""
        message = inbound(
            conversation_id=self.conversation_id,
            channel=CHANNEL,
            sender=self.conversation_id.partition(":")[2],
            external_id=uuid.uuid4().hex,
            text=text.strip(),
            at=self.clock(),
            metadata=metadata,
        )
        try:
            await self.turns.accept(message)
        except FrontdeskError as error:
            log.warning("a Socket.IO message was not kept: %s", error.code)
            await self.send({"text": NOT_TAKEN})

    async def _watch(self) -> None:
        """Send what is new at every ring."""
        with self.hub.watching(self.conversation_id) as bell:
            while True:
                bell.clear()
                try:
                    await self._catch_up()
                except StoreError as error:
                    log.warning("a Socket.IO page's lines could not be read: %s", error.code)
                except Exception as error:  # one line that cannot be sent must not be the last
                    log.error("a Socket.IO page could not be told what is new: %s", place_of(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.look_again):
                        await bell.wait()

    async def _catch_up(self) -> None:
        while items := await self.store.log.after(self.conversation_id, self.sent, limit=500):
            for item in items:
                self.sent = item.seq
                for message in shapes(item.event):
                    await self.send(message)


def metadata_of(given: Any) -> dict[str, Any]:
    """A message's metadata, which some clients send as JSON in a text; what is neither is left out."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, dict) else {}
