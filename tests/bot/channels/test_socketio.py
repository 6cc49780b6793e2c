"""Rasa's Socket.IO channel, with the protocol's own client over a real port."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st
from socketio.exceptions import ConnectionError as NotLetIn

from bot.channels.allowance import Allowances
from bot.channels.contract import Misconfigured
from bot.channels.socketio_options import SocketIoOptions
from bot.channels.socketio_sessions import conversation_of, issue, lasting
from bot.channels.socketio_shapes import shapes
from bot.dialogue.events import AgentSaid, BotSaid, TakenOver, UserSaid
from bot.dialogue.message import Button
from tests.bot.channels.small_server import LONG_PAYLOAD, SmallServer, small_server

LASTING = {"session_persistence": True}
KEY = "a key of thirty-two characters or more"


class Page:
    """One open page: what it was told, in order."""

    def __init__(self, client: socketio.AsyncClient, namespace: str) -> None:
        self.client, self.namespace = client, namespace
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        self.confirmed: asyncio.Queue[Any] = asyncio.Queue()

    async def request(self, session: str | None = None) -> str:
        """Ask for a session; the id that is confirmed."""
        await self.client.emit("session_request", {"session_id": session}, namespace=self.namespace)
        confirmed = await asyncio.wait_for(self.confirmed.get(), 10)
        assert isinstance(confirmed, str)
        return confirmed

    async def say(self, message: Any, event: str = "user_uttered", **more: Any) -> None:
        await self.client.emit(event, {"message": message, **more}, namespace=self.namespace)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.told.get(), 10)

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())["text"] for _ in range(count)]


@asynccontextmanager
async def page(
    server: SmallServer,
    *,
    path: str = "socket.io",
    namespace: str = "/",
    bot_event: str = "bot_uttered",
    auth: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    transports: tuple[str, ...] = ("websocket",),
) -> AsyncIterator[Page]:
    client = socketio.AsyncClient(reconnection=False)
    opened = Page(client, namespace)
    client.on(bot_event, opened.told.put, namespace=namespace)
    client.on("session_confirm", opened.confirmed.put, namespace=namespace)
    await client.connect(
        str(server.client.make_url("/")),
        socketio_path=path,
        namespaces=[namespace],
        auth=auth,
        headers=headers or {},
        transports=list(transports),
    )
    try:
        yield opened
    finally:
        # Without a WebSocket the client would wait for its last long poll to end.
        await (client.disconnect() if "websocket" in transports else client.eio.disconnect(abort=True))


@pytest.fixture
async def lasting_server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    async with small_server(tmp_path, socketio=LASTING) as running:
        yield running


async def test_says_it_is_there(server: SmallServer) -> None:
    response = await server.client.get("/webhooks/socketio/")
    assert (response.status, await response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
async def test_answers_as_rasa_does(server: SmallServer, transports: tuple[str, ...]) -> None:
    async with page(server, transports=transports) as one:
        assert await one.request("anything") == "anything"
        await one.say("hi")
        assert [await one.next(), await one.next()] == [{"text": "Hello."}, {"text": "How can we help?"}]
        await one.say("menu")
        assert await one.next() == {
            "text": "Choose:",
            "quick_replies": [
                {"content_type": "text", "title": "Short", "payload": "/pick"},
                {"content_type": "text", "title": "Long", "payload": LONG_PAYLOAD},
            ],
        }
        await one.say("/pick")
        assert await one.texts(1) == ["You picked."]
        await one.say("picture")
        assert [await one.next() for _ in range(3)] == [
            {"text": "Look"},
            {"kind": "card"},
            {"attachment": {"type": "image", "payload": {"src": "https://example.org/a.png"}}},
        ]


async def test_greets_a_page_that_asks_to_be_greeted(server: SmallServer) -> None:
    async with page(server) as one:
        await one.say("/greet")
        assert await one.texts(1) == ["Hello."]
        assert server.reader.read_texts == []


async def test_is_named_as_the_project_says(tmp_path: Path) -> None:
    block = {
        "user_message_evt": "asked",
        "bot_message_evt": "answered",
        "namespace": "/shop",
        "socketio_path": "/chat/io/",
        "metadata_key": "customData",
    }
    async with (
        small_server(tmp_path, socketio=block) as server,
        page(server, path="chat/io", namespace="/shop", bot_event="answered") as one,
    ):
        await one.say("hi", event="asked", customData='{"basket": 7, "is_external": true}')
        assert await one.texts(2) == ["Hello.", "How can we help?"]
        (listed,) = await server.store.queue.all()
        log = await server.store.log.after(listed.id)
        said = [item.event.metadata for item in log if isinstance(item.event, UserSaid)]
        assert said == [{"basket": 7}]


async def test_keeps_connections_apart_where_sessions_do_not_last(server: SmallServer) -> None:
    async with page(server) as one, page(server) as two:
        for each in (one, two):
            await each.request("the same")
        await one.say("hi", session_id="the same")
        assert await one.texts(2) == ["Hello.", "How can we help?"]
        await two.say("menu", session_id="the same")
        assert (await two.next())["text"] == "Choose:" and one.told.empty()
        assert len(await server.store.queue.all()) == 2


async def test_a_session_goes_on_where_it_was_left(lasting_server: SmallServer) -> None:
    async with page(lasting_server) as one:
        session = await one.request()
        await one.say("a loan", session_id=session)
        assert await one.texts(1) == ["What for?"]
    async with page(lasting_server) as two:
        assert await two.request(session) == session
        await two.say("A roof", session_id=session)
        assert await two.texts(1) == ["Noted: A roof."]


async def test_all_pages_of_a_session_hear_the_bot_and_the_agent(lasting_server: SmallServer) -> None:
    session = issue()
    async with page(lasting_server) as one, page(lasting_server) as two:
        for each in (one, two):
            await each.request(session)
        await one.say("human", session_id=session)
        assert (await one.next()) == (await two.next())
        await _agent_says(lasting_server, session, "Eve here.\n\nWhat is it?", at=1.0)
        assert await one.texts(2) == await two.texts(2) == ["Eve here.", "What is it?"]


async def test_what_was_said_while_a_page_was_away_comes_when_it_is_back(lasting_server: SmallServer) -> None:
    async with page(lasting_server) as one:
        session = await one.request()
        await one.say("hi", session_id=session)
        assert await one.texts(2) == ["Hello.", "How can we help?"]
    await _agent_says(lasting_server, session, "Are you there?", at=1.0)
    async with page(lasting_server) as two:
        await two.request(session)
        assert await two.texts(1) == ["Are you there?"]


async def _agent_says(server: SmallServer, session: str, text: str, *, at: float) -> None:
    conversation = conversation_of(session)
    await server.store.desk.take_over(conversation, TakenOver(at=at, agent="eve"), now=at)
    said = AgentSaid(at=at, text=text, agent="eve")
    await server.store.desk.say(conversation, said, reply=None, now=at)
    server.hub.ring(conversation)


@pytest.mark.parametrize(
    "guessable", ["42", "ann@example.org", "user-0000000000000000000000000001", "x" * 300]
)
async def test_an_id_that_can_be_guessed_leads_into_nobodys_session(
    lasting_server: SmallServer, guessable: str
) -> None:
    async with page(lasting_server) as ann, page(lasting_server) as eve:
        assert await ann.request(guessable) != guessable
        assert await eve.request(guessable) != guessable
        await ann.say("menu", session_id=guessable)
        assert (await ann.next())["text"] == "Choose:"
        await eve.say("hi", session_id=guessable)
        assert await eve.texts(2) == ["Hello.", "How can we help?"]  # nothing of ann's
        assert ann.told.empty()
        await ann.say("hi", session_id=guessable)  # the connection's own session goes on
        assert await ann.texts(2) == ["Hello.", "How can we help?"]
        assert len(await lasting_server.store.queue.all()) == 2


async def test_the_log_does_not_give_a_session_away(lasting_server: SmallServer) -> None:
    async with page(lasting_server) as one:
        session = await one.request()
        await one.say("hi", session_id=session)
        await one.texts(2)
    (listed,) = await lasting_server.store.queue.all()
    assert session not in listed.id and session not in listed.sender


def token_of(name: str, key: str = KEY) -> str:
    return jwt.encode({"sub": name}, key, algorithm="HS256")


async def test_lets_pages_with_a_token_in_and_tells_their_owners_apart(tmp_path: Path) -> None:
    async with small_server(tmp_path, socketio={**LASTING, "jwt_key": KEY}) as server:
        wrong = token_of("ann", "another key of thirty-two characters")
        for auth in (None, {}, {"token": "nonsense"}, {"token": wrong}):
            with pytest.raises(NotLetIn):
                async with page(server, auth=auth):
                    pass
        ann, bob = ({"token": f"Bearer {token_of(name)}"} for name in ("ann", "bob"))
        async with page(server, auth=ann) as one, page(server, auth=bob) as two:
            assert await one.request("desk") == "desk" and await two.request("desk") == "desk"
            await one.say("a loan", session_id="desk")
            assert await one.texts(1) == ["What for?"]
            await two.say("A roof", session_id="desk")
            assert (await two.next())["text"] != "Noted: A roof."
        async with page(server, auth=ann) as again:
            await again.request("desk")
            await again.say("A roof", session_id="desk")
            assert await again.texts(1) == ["Noted: A roof."]


async def test_lets_pages_of_other_sites_in_only_where_listed(tmp_path: Path) -> None:
    foreign = {"Origin": "https://shop.example"}
    async with small_server(tmp_path) as server:
        for transports in (("websocket",), ("polling",)):
            with pytest.raises(NotLetIn):
                async with page(server, headers=foreign, transports=transports):
                    pass
        own = str(server.client.make_url("/")).rstrip("/")
        async with page(server, headers={"Origin": own}):
            pass
    async with (
        small_server(tmp_path, origins=("https://shop.example",)) as server,
        page(server, headers=foreign) as one,
    ):
        await one.say("menu")
        assert (await one.next())["text"] == "Choose:"


async def test_slows_a_session_down_over_all_of_its_pages(tmp_path: Path) -> None:
    limits = {"pace": Allowances(2, 1000.0)}
    async with (
        small_server(tmp_path, socketio=LASTING, socketio_limits=limits) as server,
        page(server) as one,
        page(server) as two,
    ):
        session = await one.request()
        await two.request(session)
        for each in (one, two):
            await each.say("menu", session_id=session)
            assert (await one.next())["text"] == (await two.next())["text"] == "Choose:"
        await two.say("menu", session_id=session)
        assert await two.texts(1) == ["Too many messages at once; wait a moment."]
        assert one.told.empty() and len(server.reader.read_texts) == 2


async def test_slows_strangers_down_by_their_address(tmp_path: Path) -> None:
    limits = {"newcomers": Allowances(2, 1000.0), "most_of_one_address": 1}
    stranger = {"X-Forwarded-For": "9.9.9.9"}
    async with (
        small_server(tmp_path, socketio=LASTING, socketio_limits=limits) as server,
        page(server, headers=stranger) as one,
    ):
        await one.request()
        for _ in range(2):  # over the number of pages, then over the number of connections
            with pytest.raises(NotLetIn):
                async with page(server, headers=stranger):
                    pass
        async with page(server) as neighbour:
            assert await neighbour.request()
        await one.client.emit("session_request", {"session_id": None})  # a second session, one too many
        await asyncio.wait_for(one.client.wait(), 10)
    async with small_server(tmp_path, socketio_limits={"most_open": 0}) as server:
        with pytest.raises(NotLetIn):
            async with page(server):
                pass


async def test_outlives_what_no_client_sends(lasting_server: SmallServer) -> None:
    async with page(lasting_server) as one:
        await one.client.emit("user_uttered", None)
        await one.client.emit("user_uttered", ["hi", {}])
        await one.client.emit("session_request", "text")
        await one.client.emit("session_request", {"session_id": {"a": 1}})
        await one.say(7)
        await one.say({"text": "hi"}, session_id=[1])
        await one.say("hi", metadata="{" * 5000)
        assert await one.texts(2) == ["Hello.", "How can we help?"]


async def test_a_message_that_cannot_be_kept_is_told_so(server: SmallServer) -> None:
    async with page(server) as one:
        await one.say("hi", metadata='{"x": NaN}')
        assert await one.texts(1) == ["Your message could not be taken. Please send it again."]


BAD_BLOCKS: list[dict[str, Any]] = [
    {"jwt_secret": "x"},
    {"namespace": 7},
    {"session_persistence": "yes"},
    {"bot_message_evt": ""},
    {"jwt_key": KEY, "jwt_method": "none"},
    {"jwt_key": ""},
    {"jwt_key": "  "},
    {"jwt_key": None},
]


@pytest.mark.parametrize("block", BAD_BLOCKS, ids=lambda block: next(iter(block)))
def test_a_block_that_cannot_work_says_why(block: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="socketio: "):
        SocketIoOptions.read(block)


def test_the_defaults_are_rasas_and_a_key_is_never_printed() -> None:
    options = SocketIoOptions.read({"namespace": None, "jwt_key": KEY})
    assert (options.user_message_evt, options.bot_message_evt) == ("user_uttered", "bot_uttered")
    assert (options.path, options.namespace, options.session_persistence) == ("/socket.io/", "/", False)
    assert KEY not in repr(options)


@given(st.uuids(version=4), st.text(max_size=40), st.text(max_size=40))
def test_only_secrets_last_and_no_two_sessions_meet(secret: uuid.UUID, one: str, other: str) -> None:
    assert lasting(str(secret), None) and lasting(secret.hex, None) and lasting(issue(), None)
    if one != other:
        assert conversation_of(one) != conversation_of(other)
        assert conversation_of("desk", one) != conversation_of("desk", other)


def test_a_custom_message_reaches_no_other_page() -> None:
    said = BotSaid(at=1.0, custom={"data": {"a": 1}, "room": "another's"}, attachment={"type": "file"})
    assert list(shapes(said)) == [{"a": 1}, {"attachment": {"type": "file"}}]


def test_buttons_stand_under_the_last_piece_of_a_text() -> None:
    said = BotSaid(at=1.0, text="One.\n\nTwo.", buttons=(Button("Yes", "/affirm"),))
    yes = {"content_type": "text", "title": "Yes", "payload": "/affirm"}
    assert list(shapes(said)) == [
        {"text": "One.", "quick_replies": []},
        {"text": "Two.", "quick_replies": [yes]},
    ]
