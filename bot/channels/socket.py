"""The chat page's WebSocket: resume after a number, then live lines; messages in, each kept once.

Knows frames, limits and the order hello → welcome → missed lines → live → new lines. The store's log is the
truth and the hub only a doorbell, so a page that was away misses nothing and sees nothing twice. visit.py
and frames.py hold the frames.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, web

from bot.addresses import Addresses
from bot.channels.allowance import Allowances
from bot.channels.contract import Crowded, ForeignOrigin, Turns, from_allowed_page
from bot.channels.visit import Visit, read_frame
from bot.channels.visitors import Visitors
from bot.dialogue.events import BotSaid
from bot.errors import FrontdeskError
from bot.hub import Hub
from bot.store.errors import StoreError
from bot.store.store import Store

log = logging.getLogger(__name__)

LARGEST_FRAME = 16 * 1024  # bytes
HELLO_WITHIN = 10.0  # seconds
HEARTBEAT = 25.0
BAD_TOKEN = 4401  # close code: forget the token and say hello without one
BAD_HELLO = 4400


@dataclass(frozen=True, slots=True)
class SocketChannel:
    """`/socket`. `origins`: other sites whose pages may connect. `look_again`: seconds after which the log
    is read although no bell rang (another process wrote). `clock` is seconds since the epoch.

    `greet` gives what the bot says, in a language, to whoever has no conversation yet.

    A visitor's messages are counted over all of the visitor's pages (`pace`), new visitors and open pages by
    the address of a stranger; one's own network is not.
    """

    turns: Turns
    store: Store
    hub: Hub
    visitors: Visitors
    origins: tuple[str, ...] = ()
    look_again: float = 15.0
    clock: Callable[[], float] = time.time
    name: str = "web"
    addresses: Addresses = field(default_factory=Addresses)
    pace: Allowances = field(default_factory=lambda: Allowances(10, 1.0))
    newcomers: Allowances = field(default_factory=lambda: Allowances(30, 2.0))
    greet: Callable[[str | None], BotSaid | None] = lambda language: None
    most_open: int = 5000
    most_of_one_address: int = 100
    _open: dict[web.WebSocketResponse, str | None] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/socket", self.connect)]

    async def close(self) -> None:
        """Tell every page to come back later: for the server's shutdown."""
        async with asyncio.TaskGroup() as group:
            for socket in list(self._open):
                group.create_task(socket.close(code=WSCloseCode.GOING_AWAY))

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        if not from_allowed_page(request, self.origins):
            raise ForeignOrigin
        stranger = self.addresses.stranger(request)
        self._check_room(stranger)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST_FRAME, compress=False)
        self._open[socket] = stranger
        try:
            await socket.prepare(request)
            await self._serve(socket, stranger)
        finally:
            del self._open[socket]
        return socket

    def _check_room(self, stranger: str | None) -> None:
        """Raises Crowded."""
        theirs = sum(key == stranger for key in self._open.values()) if stranger else 0
        if len(self._open) >= self.most_open or theirs >= self.most_of_one_address:
            raise Crowded

    async def _serve(self, socket: web.WebSocketResponse, stranger: str | None) -> None:
        visit = await self._hello(socket, stranger)
        if visit is None:
            return
        watchers = [
            asyncio.create_task(self._watch_or_close(visit)),
            asyncio.create_task(self._overhear(visit)),
        ]
        try:
            async for message in socket:
                await visit.take(read_frame(message))
                if visit.abused:
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        except ConnectionResetError:
            pass
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def _hello(self, socket: web.WebSocketResponse, stranger: str | None) -> Visit | None:
        """The first frame says who is there. None where it did not, and the socket is closed."""
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                hello = read_frame(await socket.receive())
        except TimeoutError:
            hello = {}
        token, after = hello.get("token"), hello.get("after", 0)
        if hello.get("type") != "hello" or not isinstance(token, str | None) or not _whole(after):
            await socket.close(code=BAD_HELLO, message=b"the first frame must be a hello")
            return None
        if not token and stranger and not self.newcomers.of(stranger).take():
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many new visitors")
            return None
        issued = None if token else self.visitors.issue()
        visitor = self.visitors.recognise(token or issued or "")
        if visitor is None:
            await socket.close(code=BAD_TOKEN, message=b"unknown token")
            return None
        allowance = self.pace.of(visitor)
        language = hello.get("language") if isinstance(hello.get("language"), str) else None
        visit = Visit(
            socket, self.store, self.turns, self.hub, visitor, self.name, self.clock, allowance, language
        )
        try:
            await visit.welcome(issued=issued, after=after, greeting=self.greet(language))
        except FrontdeskError:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return None
        return visit

    async def _watch_or_close(self, visit: Visit) -> None:
        """A page that is told nothing any more must notice and come back."""
        try:
            await self._watch(visit)
        except ConnectionResetError:
            return
        except Exception as error:
            log.error("a visitor's page could not be told what is new: %s", type(error).__name__)
            await visit.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _overhear(self, visit: Visit) -> None:
        """Pass on that somebody is typing; a page that cannot be told misses nothing that matters."""
        with self.hub.overhearing(visit.conversation_id) as hints:
            while not visit.gone:
                hint = await hints.get()
                with suppress(ConnectionResetError, StoreError):
                    await visit.overhear(hint)

    async def _watch(self, visit: Visit) -> None:
        """Send what is new at every ring until the page has gone."""
        with self.hub.watching(visit.conversation_id) as bell:
            while not visit.gone:
                bell.clear()
                try:
                    await visit.catch_up()
                except StoreError as error:
                    log.warning("a visitor's lines could not be read: %s", error.code)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.look_again):
                        await bell.wait()


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
