"""What is new, told to an open console: that the lists changed, and the events of the conversation on screen.

Knows frames and when a session has ended; the hub rings, the store is read. Watching a conversation is a
human read and goes on record.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, hdrs, web

from bot.console.conversations import event_json, listed_json
from bot.console.errors import NotAllowed
from bot.console.names import names_in
from bot.console.policy import Ask
from bot.console.sessions import Sessions
from bot.errors import FrontdeskError
from bot.hub import Hint, Hub
from bot.store.accounts import Session
from bot.store.errors import StoreError
from bot.store.store import Store

log = logging.getLogger(__name__)

LARGEST_FRAME = 8 * 1024
HEARTBEAT = 25.0
SIGNED_OUT = 4401
HINTS_APART = 1.0  # seconds


@dataclass(slots=True)
class Screen:
    """One open console: which conversation it shows and the last event of it that it was sent."""

    socket: web.WebSocketResponse
    session: Session
    watched: str | None = None
    sent: int = 0
    hinted: float = 0.0


@dataclass(frozen=True, slots=True)
class Live:
    """`pause`: seconds between two looks, however often it rings. `look_again`: a look without any bell."""

    store: Store
    hub: Hub
    sessions: Sessions
    clock: Callable[[], float]
    pause: float = 0.2
    look_again: float = 15.0
    _open: set[web.WebSocketResponse] = field(default_factory=set)

    async def close(self) -> None:
        """Close every console's socket: for the server's shutdown."""
        async with asyncio.TaskGroup() as group:
            for socket in list(self._open):
                group.create_task(socket.close(code=WSCloseCode.GOING_AWAY))

    async def connect(self, ask: Ask) -> web.WebSocketResponse:
        if not ask.request.headers.get(hdrs.ORIGIN):
            raise NotAllowed("Live updates are for the console's own page.")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST_FRAME, compress=False)
        await socket.prepare(ask.request)
        self._open.add(socket)
        try:
            await self._serve(Screen(socket, ask.signed_in))
        except FrontdeskError:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except ConnectionResetError:
            pass
        finally:
            self._open.discard(socket)
        return socket

    async def _serve(self, screen: Screen) -> None:
        watchers = [
            asyncio.create_task(self._watch_or_close(screen)),
            asyncio.create_task(self._overhear(screen)),
        ]
        try:
            async for message in screen.socket:
                data = _read(message)
                if data.get("type") == "ping":
                    await screen.socket.send_json({"type": "pong"})
                elif data.get("type") == "watch":
                    await self._show(screen, data)
                elif data.get("type") == "typing":
                    await self._hint(screen)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def _show(self, screen: Screen, data: dict[str, Any]) -> None:
        """The console now shows this conversation, and has its events up to `after`."""
        match data:
            case {"id": str(conversation_id), "after": int(after)} if after >= 0:
                now, user = self.clock(), screen.session.user.name
                await self.store.audit.note(at=now, actor=user, verb="watch", subject=conversation_id)
                screen.watched, screen.sent = conversation_id, after
                await self._send_new(screen)
            case _:
                screen.watched = None

    async def _hint(self, screen: Screen) -> None:
        """The user writes to the customer on screen, whose page may show it if the user has the
        conversation.
        """
        now, name = self.clock(), screen.session.user.name
        if screen.watched is None or now - screen.hinted < HINTS_APART:
            return
        screen.hinted = now
        found = await self.store.queue.find(screen.watched)
        if found and (found.standing.holder, found.standing.agent) == ("agent", name):
            self.hub.hint(Hint(found.id, "agent", name))

    async def _overhear(self, screen: Screen) -> None:
        """Show that the customer on screen is writing."""
        with self.hub.overhearing() as hints:
            while not screen.socket.closed:
                hint = await hints.get()
                if (hint.conversation_id, hint.who) == (screen.watched, "customer"):
                    with suppress(ConnectionResetError):
                        await screen.socket.send_json({"type": "typing", "id": screen.watched})

    async def _watch_or_close(self, screen: Screen) -> None:
        """A console that is told nothing any more must notice and come back."""
        try:
            await self._watch(screen)
        except ConnectionResetError:
            return
        except Exception as error:
            log.error("a console could not be told what is new: %s", type(error).__name__)
            await screen.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _watch(self, screen: Screen) -> None:
        with self.hub.watching() as bell:
            while not screen.socket.closed:
                bell.clear()
                try:
                    if not await self._still_signed_in(screen):
                        return
                    await screen.socket.send_json(
                        {"type": "lists", "waiting": await self.store.queue.waiting_count()}
                    )
                    await self._send_new(screen)
                except StoreError as error:
                    log.warning("a console could not be told what is new: %s", error.code)
                await asyncio.sleep(self.pause)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.look_again):
                        await bell.wait()

    async def _still_signed_in(self, screen: Screen) -> bool:
        session = await self.store.accounts.session(screen.session.token_hash, now=self.clock())
        if session is None:
            await screen.socket.close(code=SIGNED_OUT, message=b"signed out")
        return session is not None

    async def _send_new(self, screen: Screen) -> None:
        """The watched conversation's new events. Sent once: the place is moved before anything is awaited."""
        watched = screen.watched
        if watched is None:
            return
        items = await self.store.log.after(watched, screen.sent, limit=500)
        fresh = [item for item in items if item.seq > screen.sent]
        if screen.watched != watched or not fresh:
            return
        screen.sent = fresh[-1].seq
        found = await self.store.queue.find(watched)
        frame = {
            "type": "events",
            "id": watched,
            "conversation": listed_json(found) if found else None,
            "names": await names_in(self.store, [found] if found else [], fresh),
            "events": [event_json(item) for item in fresh],
        }
        await screen.socket.send_json(frame)


def _read(message: WSMessage) -> dict[str, Any]:
    if message.type is not WSMsgType.TEXT:
        return {}
    try:
        data = json.loads(message.data)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
