"""A whole server but for the models: real store on SQLite, manager, channels, console and pages over HTTP.

Only the reading of texts comes from a table, since models are files that tests do not have.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from bot import edge
from bot.addresses import Addresses
from bot.bot import Bot
from bot.channels.rest import RestChannel
from bot.channels.sender import Patience, Sender
from bot.channels.socket import SocketChannel
from bot.channels.socketio import SocketIoChannel
from bot.channels.socketio_options import SocketIoOptions
from bot.channels.telegram import TelegramChannel, TelegramCredentials
from bot.channels.visitors import Visitors
from bot.console.console import Console, open_console
from bot.console.passwords import Passwords
from bot.dialogue.domain import (
    Domain,
    MappingCondition,
    MappingType,
    Slot,
    SlotCondition,
    SlotMapping,
    SlotType,
    Variation,
)
from bot.dialogue.events import Origin
from bot.dialogue.flow import Form
from bot.dialogue.greeting import greeting
from bot.dialogue.ports import ReadError, ReadRequest, Wording, WordRequest
from bot.dialogue.reading import Match, Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule
from bot.hub import Hub
from bot.inference import Inference
from bot.manager import Manager
from bot.rasa.api import RasaApi
from bot.rasa.conversations import Conversations
from bot.rasa.models import Models
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from bot.web.pages import Pages
from nlu.explain import Explanation, Near, Weight, pieces

LONG_PAYLOAD = '/pick{"what": "' + "a very long choice " * 5 + '"}'
TOKEN = "123456:test-token"
SECRET = "a secret of the server"
BEHIND = Addresses((ip_network("127.0.0.1"),))
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def on(intent: str, *actions: str) -> Rule:
    return Rule(f"on {intent}", (IntentStep(frozenset({intent})), *map(ActionStep, actions)))


DOMAIN = Domain(
    name="small",
    languages=("en", "zh"),
    intents=frozenset({"greet", "menu", "silent", "picture", "long", "talk_to_human", "pick", "loan"}),
    intent_titles={"loan": {"en": "A loan", "zh": "贷款"}},
    slots={
        "purpose": Slot(
            "purpose",
            SlotType.TEXT,
            mappings=(
                SlotMapping(MappingType.FROM_TEXT, conditions=(MappingCondition("loan_form", "purpose"),)),
            ),
        )
    },
    forms={"loan_form": Form("loan_form", ("purpose",))},
    responses={
        "utter_greet": (
            Variation("Hello.\n\nHow can we help?"),
            Variation(
                "Hello.\n\nHow can we help?",
                buttons=({"title": "A loan", "payload": "/loan"},),
                channel="web",
            ),
            Variation(
                "您好。",
                buttons=({"title": "贷款", "payload": "/loan"},),
                conditions=(SlotCondition("language", "zh"),),
            ),
        ),
        "utter_menu": (
            Variation(
                "Choose:",
                buttons=(
                    {"title": "Short", "payload": "/pick"},
                    {"title": "Long", "payload": LONG_PAYLOAD},
                ),
            ),
        ),
        "utter_picture": (Variation("Look", image="https://example.org/a.png", custom={"kind": "card"}),),
        "utter_long": (Variation("word " * 2000),),
        "utter_pick": (Variation("You picked."),),
        "utter_ask_purpose": (Variation("What for?", buttons=({"title": "A roof", "payload": "A roof"},)),),
        "utter_noted": (Variation("Noted: {purpose}."),),
    },
    rules=(
        on("greet", "utter_greet"),
        on("menu", "utter_menu"),
        on("picture", "utter_picture"),
        on("long", "utter_long"),
        on("pick", "utter_pick"),
        on("talk_to_human", "action_hand_over"),
        Rule("loan", (IntentStep(frozenset({"loan"})), ActionStep("loan_form"), LoopStep("loan_form"))),
        Rule(
            "noted",
            (ActionStep("loan_form"), LoopStep(None), ActionStep("utter_noted")),
            loop_given=True,
            loop="loan_form",
        ),
    ),
)
WORDS = {
    "hi": "greet",
    "Hello": "greet",
    "menu": "menu",
    "picture": "picture",
    "long": "long",
    "human": "talk_to_human",
    "a loan": "loan",
}
OF_NOTHING = frozenset({"A roof"})  # no stored answer is near these
ANSWER = Match("card", 0.91, "Where is my card?", "Your card is on its way.", "en")


@dataclass
class TableReader:
    """Reads by table; `go` holds every reading back until it is set."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    read_texts: list[str] = field(default_factory=list)
    explains: bool = True
    foresee: None = None  # no learned policy stands

    def __post_init__(self) -> None:
        self.go.set()

    async def read(self, request: ReadRequest) -> Reading:
        await self.go.wait()
        self.read_texts.append(request.text)
        intent = WORDS.get(request.text)
        if intent:
            verdicts = (Verdict(intent, 0.97), Verdict("pick", 0.02))
            return Reading(verdicts, (intent,), guaranteed=True, matches=(ANSWER,), bundle="b1")
        matches = () if request.text in OF_NOTHING else (ANSWER,)
        return Reading((Verdict("greet", 0.4),), out_of_scope=True, matches=matches, bundle="b1")

    async def explain(self, text: str) -> tuple[Explanation, str] | None:
        """The longer a word, the more it says; one that denies speaks against."""
        if not self.explains:
            raise ReadError("model_failed")
        if text in OF_NOTHING:
            return None
        weights = tuple(
            Weight(start, end, -2.0 if text[start:end] == "not" else (end - start) / 4)
            for start, end in pieces(text)
        )
        near = (Near("<b>hello</b> there", "greet", 0.93), Near("hi", "greet", 0.9))
        return Explanation(WORDS.get(text, "greet"), 0.97, False, weights, near), "b1"

    async def word(self, request: WordRequest) -> Wording:
        best = request.matches[0]
        return Wording(best.text, best.answer_id, Origin.ANSWER)


async def until(reached: Callable[[], bool]) -> None:
    """Wait for what has no event of its own."""
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - the thing waited for offers no event
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class SmallServer:
    client: TestClient[web.Request, web.Application]
    store: Store
    hub: Hub
    manager: Manager
    reader: TableReader
    console: Console
    socket: SocketChannel
    telegram: TelegramChannel
    sender: Sender


@asynccontextmanager
async def small_server(
    folder: Path,
    *,
    telegram_api: str = "http://127.0.0.1:1",
    rest: dict[str, Any] | None = None,
    origins: tuple[str, ...] = (),
    https: bool = False,
    limits: dict[str, Any] | None = None,
    api_token: str | None = None,
    socketio: dict[str, Any] | None = None,
    socketio_limits: dict[str, Any] | None = None,
) -> AsyncIterator[SmallServer]:
    """Everything running; `rest` gives the REST channel's options and `limits` the chat page's. The same
    folder is the same database. The client is a proxy that is believed: X-Forwarded-For says who calls.
    """
    url = await database(folder / "bot.db")
    async with open_store(url) as store, aiohttp.ClientSession() as http:
        hub, reader, push = Hub(), TableReader(), frozenset({"telegram"})
        bot = Bot(domain=DOMAIN, inference=cast(Inference, reader), actions=None)
        manager = Manager(store, bot, hub, owner="test", lease=30.0, at_once=8, push=push)
        block = {"access_token": TOKEN, "api": telegram_api}
        credentials = TelegramCredentials.read(block, server_secret=SECRET)
        telegram = TelegramChannel(manager, store.log, http, credentials, timeout=2.0)
        visitors = Visitors(SECRET.encode())
        socket = SocketChannel(
            manager,
            store,
            hub,
            visitors,
            origins,
            addresses=BEHIND,
            greet=lambda language: greeting(DOMAIN, language, channel="web"),
            **(limits or {}),
        )
        console = open_console(
            store,
            hub,
            domain=lambda: DOMAIN,
            taking_up=manager.taking_up,
            explain=reader.explain,
            push=push,
            passwords=CHEAP,
            https=https,
            addresses=BEHIND,
        )
        channel = RestChannel(manager, addresses=BEHIND, **(rest or {}))
        conversations = Conversations(manager, store, time.time)
        api = RasaApi(conversations, lambda: manager.bot, lambda: "b1", Models(folder / "bundles"), api_token)
        pages = SocketIoChannel(
            manager,
            store,
            hub,
            SocketIoOptions.read(socketio or {}),
            origins,
            addresses=BEHIND,
            **(socketio_limits or {}),
        )
        routes = [*channel.routes(), *telegram.routes(), *api.routes(), *pages.routes()]
        app = application(routes, socket, console)
        app.on_shutdown.append(lambda _: pages.close())
        patience = Patience(first=0.01, most=0.05, attempts=4)
        sender = Sender(store.outbox, {"telegram": telegram}, hub, "test", patience, look_again=0.2)
        async with manager.running(), TestClient(TestServer(app)) as client:
            sending = asyncio.create_task(sender.run())
            try:
                yield SmallServer(client, store, hub, manager, reader, console, socket, telegram, sender)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)


def application(routes: list[web.RouteDef], socket: SocketChannel, console: Console) -> web.Application:
    """These parts behind the edge that the real server has."""

    async def close_pages(_: web.Application) -> None:
        await socket.close()
        await console.close()

    app = web.Application(middlewares=[edge.errors])
    app.on_response_prepare.append(edge.harden)
    app.on_shutdown.append(close_pages)
    app.add_routes([*routes, *socket.routes(), *console.routes(), *Pages("small", ("en", "zh")).routes()])
    return app


_migrated: list[bytes] = []


async def database(path: Path) -> str:
    """The URL of the database at `path`, made if need be; the tables are built once and copied after that."""
    url = f"sqlite+aiosqlite:///{path}"
    if not _migrated:
        await migrate(url)
        _migrated.append(await asyncio.to_thread(path.read_bytes))
    elif not await asyncio.to_thread(path.exists):
        await asyncio.to_thread(path.write_bytes, _migrated[0])
    return url
