"""Rasa's Socket.IO channel: pages ask for a session, say something, and are told what bot and agents say.

Knows Rasa's events (rasa/core/channels/socketio.py), who may connect and how often; python-socketio carries
them. Unlike Rasa's, a session is nobody's who merely guesses its id (socketio_sessions), pages of other sites
must be listed, and what an agent says or a connection missed comes too: the store's log is the truth.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as Refused

from bot.addresses import Addresses
from bot.channels.allowance import Allowances
from bot.channels.contract import Crowded, TooFast, Turns, from_allowed_page
from bot.channels.socketio_options import SocketIoOptions
from bot.channels.socketio_page import CHANNEL, NOT_TAKEN, SocketIoPage, metadata_of
from bot.channels.socketio_sessions import conversation_of, issue, lasting
from bot.errors import place_of
from bot.hub import Hub
from bot.store.errors import StoreError
from bot.store.store import Store

log = logging.getLogger(__name__)

LARGEST_FRAME = 16 * 1024  # bytes
SEEN_KEPT = 10_000  # sessions without a page, of which is remembered what they were told
TOO_FAST = "Too many messages at once; wait a moment."
MOST_REFUSED = 50  # messages that came too fast before the connection is closed
Handler = Callable[..., Awaitable[None]]


class SocketIoChannel:
    """`origins`: other sites whose pages may connect (`*`: all). `look_again`: seconds after which the log is
    read although no bell rang. A session's messages are counted over all of its pages (`pace`), new
    connections and sessions by the address of a stranger; one's own network is not. `clock` is seconds since
    the epoch.
    """

    name = CHANNEL

    def __init__(
        self,
        turns: Turns,
        store: Store,
        hub: Hub,
        options: SocketIoOptions,
        origins: tuple[str, ...] = (),
        *,
        addresses: Addresses | None = None,
        pace: Allowances | None = None,
        newcomers: Allowances | None = None,
        most_open: int = 5000,
        most_of_one_address: int = 100,
        look_again: float = 15.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._turns, self._store, self._hub, self._options = turns, store, hub, options
        self._origins = origins
        self._addresses = addresses or Addresses()
        self._pace = pace or Allowances(10, 1.0)
        self._newcomers = newcomers or Allowances(30, 2.0)
        self._most_open, self._most_of_one_address = most_open, most_of_one_address
        self._look_again, self._clock = look_again, clock
        self._pages: dict[str, SocketIoPage] = {}
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._library = self._carrier()

    def routes(self) -> list[web.RouteDef]:
        path = self._options.path
        return [
            web.get("/webhooks/socketio/", self.health),
            web.get(path, self.carry),
            web.post(path, self.carry),
            web.options(path, self.carry),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """The channel is there."""
        return web.json_response({"status": "ok"})

    async def carry(self, request: web.Request) -> web.StreamResponse:
        """Socket.IO's own requests: WebSocket, or polling where that does not get through."""
        if request.method == "GET" and "sid" not in request.query:
            stranger = self._addresses.stranger(request)
            if len(self._library.eio.sockets) >= self._most_open:
                raise Crowded
            if stranger and not (allowance := self._newcomers.of(stranger)).take():
                raise TooFast(allowance.wait)
        response: web.StreamResponse = await self._library.handle_request(request)
        return response

    async def close(self) -> None:
        """Let every page go: for the server's shutdown."""
        for sid in list(self._pages):
            await self._library.disconnect(sid, namespace=self._options.namespace)
        await self._library.shutdown()

    def _carrier(self) -> Any:
        """The library, with our handlers. It logs nothing: a traceback of its may quote a customer. Messages
        of one page are handled one after the other, in the order in which they came.
        """
        silent = logging.getLogger(f"{__name__}.library")
        silent.setLevel(logging.CRITICAL)
        library = socketio.AsyncServer(
            async_mode="aiohttp",
            async_handlers=False,
            cors_allowed_origins=lambda origin, environ: from_allowed_page(
                environ["aiohttp.request"], self._origins
            ),
            cors_credentials=False,
            max_http_buffer_size=LARGEST_FRAME,
            http_compression=False,
            namespaces=[self._options.namespace],
            logger=silent,
            engineio_logger=silent,
        )
        handlers: dict[str, Handler] = {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "session_request": self._request_session,
            self._options.user_message_evt: self._say,
        }
        for event, handler in handlers.items():
            library.on(event, self._guarded(handler), namespace=self._options.namespace)
        return library

    def _guarded(self, handler: Handler) -> Handler:
        """What breaks is logged by its place."""

        async def guarded(*arguments: Any) -> None:
            try:
                await handler(*arguments)
            except Refused:
                raise
            except Exception as error:
                log.error("a Socket.IO event failed: %s", place_of(error))

        return guarded

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Raises Refused."""
        stranger = self._addresses.stranger(environ["aiohttp.request"])
        theirs = sum(page.stranger == stranger for page in self._pages.values()) if stranger else 0
        if theirs >= self._most_of_one_address:
            raise Refused("Too many pages are open; try again later.")
        owner = self._options.owner(auth)
        if self._options.jwt_key is not None and owner is None:
            raise Refused("This server asks for a token: auth: {token: …}.")
        page = SocketIoPage(
            lambda message: self._library.emit(
                self._options.bot_message_evt, message, to=sid, namespace=self._options.namespace
            ),
            self._turns,
            self._store,
            self._hub,
            self._clock,
            self._look_again,
            owner=owner or None,
            stranger=stranger,
        )
        self._pages[sid] = page
        if not self._options.session_persistence:
            await page.enter(issue(), fresh=True)

    async def _disconnect(self, sid: str, *_: Any) -> None:
        page = self._pages.pop(sid, None)
        if page is None:
            return
        await page.leave()
        if page.session and self._options.session_persistence:
            self._seen[page.conversation_id] = page.sent
            self._seen.move_to_end(page.conversation_id)
            while len(self._seen) > SEEN_KEPT:
                self._seen.popitem(last=False)

    async def _request_session(self, sid: str, data: Any = None) -> None:
        """Confirms the session that is asked for, or gives a new one."""
        page, named = self._pages.get(sid), _named(data)
        if page is None:
            return
        if self._options.session_persistence:
            if not await self._enter(sid, page, named):
                return
            confirmed = page.session
        else:
            confirmed = named or issue()
        await self._library.emit("session_confirm", confirmed, to=sid, namespace=self._options.namespace)

    async def _enter(self, sid: str, page: SocketIoPage, named: str | None) -> bool:
        """Into the session of that name, if it may last, else into a new one. False: the page was let go,
        for it began too many.
        """
        if page.session is not None:  # the connection's first session was counted with it
            if named is not None and named in (page.asked, page.session):
                return True
            if page.stranger and not self._newcomers.of(page.stranger).take():
                await self._library.disconnect(sid, namespace=self._options.namespace)
                return False
        if named is not None and lasting(named, page.owner):
            await page.enter(named, seen=self._seen.get(conversation_of(named, page.owner)))
        else:
            await page.enter(issue(), fresh=True)
        page.asked = named
        return True

    async def _say(self, sid: str, data: Any = None) -> None:
        """One message of a customer's."""
        page = self._pages.get(sid)
        text = data.get("message") if isinstance(data, dict) else None
        if page is None or not isinstance(text, str):
            return
        named = _named(data)
        try:
            enters = self._options.session_persistence and (page.session is None or named)
            if enters and not await self._enter(sid, page, named):
                return
        except StoreError as error:
            log.warning("a Socket.IO session could not be read: %s", error.code)
            await page.send({"text": NOT_TAKEN})
            return
        if not self._pace.of(page.conversation_id).take():
            page.refused += 1
            if page.refused > MOST_REFUSED:
                await self._library.disconnect(sid, namespace=self._options.namespace)
            else:
                await page.send({"text": TOO_FAST})
            return
        page.refused = 0
        await page.say(text, metadata_of(data.get(self._options.metadata_key)))


def _named(data: Any) -> str | None:
    """The session's id in what a client sends."""
    named = data.get("session_id") if isinstance(data, dict) else None
    return named if isinstance(named, str) and named else None
