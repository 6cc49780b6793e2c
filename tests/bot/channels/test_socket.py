"""The chat page's WebSocket: who may connect, what is resumed, and what a customer never sees."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.allowance import Allowance, Allowances
from bot.channels.visitors import Visitors
from bot.dialogue.events import AgentSaid, Returned, TakenOver
from tests.bot.channels.small_server import SmallServer, small_server

Frame = dict[str, Any]


class Page:
    """One open chat page."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.token = ""

    async def send(self, **frame: Any) -> None:
        await self.socket.send_json(frame)

    async def say(self, text: str, client_id: str = "m1", **more: Any) -> None:
        await self.send(type="say", client_id=client_id, text=text, **more)

    async def next(self) -> Frame:
        frame: Frame = await self.socket.receive_json(timeout=10)
        self.frames.append(frame)
        return frame

    async def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        while not wanted(frame := await self.next()):
            pass
        return frame

    async def line(self, who: str) -> Frame:
        return await self.until(lambda frame: frame["type"] == "line" and frame["who"] == who)

    @property
    def conversation(self) -> str:
        return "web:" + base64.urlsafe_b64decode(self.token)[:16].hex()


async def visit(server: SmallServer, *, token: str | None = None, after: int = 0) -> Page:
    """A page that said hello and is live."""
    page = Page(await server.client.ws_connect("/socket"))
    await page.send(type="hello", token=token, after=after)
    welcome = await page.next()
    assert welcome["type"] == "welcome"
    page.token = token or welcome["token"]
    await page.until(lambda frame: frame["type"] == "live")
    return page


async def close_code(socket: ClientWebSocketResponse) -> int | None:
    message = await socket.receive(timeout=10)
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING), message
    return socket.close_code


async def test_answers_a_message_and_shows_that_it_is_typing(server: SmallServer) -> None:
    page = await visit(server)
    server.reader.go.clear()
    await page.say("hi")
    assert await page.next() == {"type": "accepted", "client_id": "m1"}
    assert await page.next() == {"type": "typing", "on": True}
    server.reader.go.set()
    mine, answer = await page.line("customer"), await page.line("bot")
    assert (mine["text"], mine["client_id"]) == ("hi", "m1")
    assert answer["text"] == "Hello.\n\nHow can we help?"
    assert answer["seq"] > mine["seq"] > 0
    await page.until(lambda frame: frame == {"type": "typing", "on": False})


async def test_sends_a_message_once_however_often_it_is_repeated(server: SmallServer) -> None:
    page = await visit(server)
    for _ in range(3):
        await page.say("hi")
    await page.line("bot")
    again = await visit(server, token=page.token)
    await again.say("hi")
    await again.until(lambda frame: frame["type"] == "accepted")
    await again.say("menu", "m2")
    assert (await again.line("bot"))["text"] == "Choose:"
    assert server.reader.read_texts == ["hi", "menu"]


async def test_resumes_after_the_last_number_seen(server: SmallServer) -> None:
    page = await visit(server)
    await page.say("hi")
    seen = (await page.line("bot"))["seq"]
    await page.socket.close()
    other = await visit(server, token=page.token)
    await other.say("menu", "m2")
    await other.line("bot")

    back = await visit(server, token=page.token, after=seen)
    missed = [frame for frame in back.frames if frame["type"] == "line"]
    assert [frame.get("text") for frame in missed] == ["menu", "Choose:"]
    assert all(frame["seq"] > seen for frame in missed)
    whole = await visit(server, token=page.token)
    numbers = [frame["seq"] for frame in whole.frames if "seq" in frame and frame["type"] == "line"]
    assert numbers == sorted(set(numbers)) and len(numbers) == 4


async def test_two_pages_of_one_visitor_see_the_same(server: SmallServer) -> None:
    one = await visit(server)
    two = await visit(server, token=one.token)
    await one.say("hi")
    assert (await one.line("bot")) == (await two.line("bot"))


async def test_shows_the_title_of_a_pressed_button(server: SmallServer) -> None:
    page = await visit(server)
    await page.say("menu")
    buttons = (await page.line("bot"))["buttons"]
    assert buttons[0] == {"title": "Short", "payload": "/pick"}
    await page.say("/pick", "m2", title="Short")
    assert (await page.line("customer"))["text"] == "Short"
    assert (await page.line("bot"))["text"] == "You picked."


async def test_tells_who_is_listening_without_naming_accounts(server: SmallServer) -> None:
    page = await visit(server)
    await page.say("human")
    assert (await page.until(lambda frame: frame["type"] == "state"))["holder"] == "queue"
    assert (await page.until(lambda frame: frame["type"] == "place"))["position"] == 1
    await server.store.settings.put("display_name/eve.secret", "Eve")
    desk, name = server.store.desk, page.conversation
    await desk.take_over(name, TakenOver(at=2.0, agent="eve.secret"), now=2.0)
    await desk.say(name, AgentSaid(at=3.0, text="I am here", agent="eve.secret"), reply=None, now=3.0)
    server.hub.ring(name)
    state = await page.until(lambda frame: frame["type"] == "state")
    assert (state["holder"], state["name"]) == ("agent", "Eve")
    line = await page.line("agent")
    assert (line["text"], line["name"]) == ("I am here", "Eve")
    late = await visit(server, token=page.token)
    assert (late.frames[0]["holder"], late.frames[0]["name"]) == ("agent", "Eve")
    await desk.hand_back(name, Returned(at=4.0, agent="eve.secret"), now=4.0)
    server.hub.ring(name)
    assert (await page.until(lambda frame: frame["type"] == "state"))["holder"] == "bot"
    shown = json.dumps(page.frames + late.frames)
    for secret in ("eve.secret", "greet", "talk_to_human", "0.97", "prediction", "decided", "b1", "reason"):
        assert secret not in shown


FORGED = ["", "x", "a" * 64, "é" * 20, base64.urlsafe_b64encode(bytes(48)).decode(), "=" * 64, "A" * 10_000]


@pytest.mark.parametrize("token", FORGED[1:], ids=range(len(FORGED) - 1))
async def test_refuses_a_token_it_did_not_issue(server: SmallServer, token: str) -> None:
    socket = await server.client.ws_connect("/socket")
    await socket.send_json({"type": "hello", "token": token, "after": 0})
    assert await close_code(socket) == 4401


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 63))
def test_no_changed_token_is_recognised(secret: bytes, place: int) -> None:
    visitors = Visitors(secret)
    token = visitors.issue()
    assert visitors.recognise(token) is not None
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    assert visitors.recognise(changed) is None
    assert Visitors(secret + b"x").recognise(token) is None


BAD_HELLOS: list[Any] = [
    "no json",
    "[]",
    '{"type": "say", "client_id": "a", "text": "hi"}',
    '{"type": "hello", "token": 5}',
    '{"type": "hello", "token": null, "after": -1}',
    '{"type": "hello", "token": null, "after": "0"}',
    b"binary",
]


@pytest.mark.parametrize("hello", BAD_HELLOS, ids=range(len(BAD_HELLOS)))
async def test_needs_a_hello_first(server: SmallServer, hello: Any) -> None:
    socket = await server.client.ws_connect("/socket")
    await (socket.send_bytes(hello) if isinstance(hello, bytes) else socket.send_str(hello))
    assert await close_code(socket) == 4400


async def test_lets_pages_of_other_sites_in_only_where_listed(tmp_path: Path) -> None:
    async with small_server(tmp_path, origins=("https://shop.example",)) as server:
        own = f"http://{server.client.host}:{server.client.port}"
        for origin in (own, "https://shop.example"):
            await (await server.client.ws_connect("/socket", headers={"Origin": origin})).close()
        for origin in ("https://evil.example", "null", f"{own}.evil.example"):
            with pytest.raises(WSServerHandshakeError) as refused:
                await server.client.ws_connect("/socket", headers={"Origin": origin})
            assert refused.value.status == 403


async def test_closes_on_a_frame_over_the_limit(server: SmallServer) -> None:
    page = await visit(server)
    await page.say("x" * 20_000)
    assert await close_code(page.socket) == 1009
    assert await server.store.queue.all() == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "say", "client_id": "m", "text": " "}, "bad_length"),
        ({"type": "say", "client_id": "m", "text": "x" * 4001}, "bad_length"),
        ({"type": "say", "client_id": "no/such id", "text": "hi"}, "bad_frame"),
        ({"type": "say", "client_id": "m"}, "bad_frame"),
        ({"type": "take_over"}, "bad_frame"),
        ({}, "bad_frame"),
    ],
)
async def test_refuses_what_is_no_message(server: SmallServer, frame: Frame, code: str) -> None:
    page = await visit(server)
    await page.socket.send_json(frame)
    refusal = await page.next()
    assert (refusal["type"], refusal["code"], refusal["again"]) == ("refused", code, False)
    await page.send(type="ping")
    assert await page.next() == {"type": "pong"}


async def test_slows_down_who_sends_too_fast_and_loses_nothing_said(server: SmallServer) -> None:
    page = await visit(server)
    for number in range(12):
        await page.say("hi", f"m{number}")
    refused = await page.until(lambda frame: frame["type"] == "refused")
    assert (refused["code"], refused["again"]) == ("too_fast", True)


async def test_closes_on_who_never_stops(server: SmallServer) -> None:
    page = await visit(server)
    for _ in range(60):
        await page.send(type="nonsense")
    async with asyncio.timeout(10):
        async for _ in page.socket:
            pass
    assert page.socket.close_code == 1008


def test_the_allowance_is_a_burst_and_then_a_rate() -> None:
    now = 0.0
    allowance = Allowance(burst=3, seconds=2.0, clock=lambda: now)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    now = 2.0
    assert [allowance.take() for _ in range(2)] == [True, False]


async def test_a_new_connection_brings_no_new_allowance(tmp_path: Path) -> None:
    slow = Allowances(3, 1000.0)
    async with small_server(tmp_path, limits={"pace": slow}) as server:
        page = await visit(server)
        for number in range(3):
            await page.say("hi", f"m{number}")
            await page.until(lambda frame: frame["type"] == "accepted")
        await page.socket.close()
        for again in (await visit(server, token=page.token), await visit(server, token=page.token)):
            await again.say("hi", "m9")
            refused = await again.until(lambda frame: frame["type"] in ("accepted", "refused"))
            assert refused.get("code") == "too_fast"
        other = await visit(server)
        await other.say("hi")
        await other.until(lambda frame: frame["type"] == "accepted")


async def test_has_room_for_so_many_pages_and_for_fewer_of_one_stranger(tmp_path: Path) -> None:
    stranger = {"X-Forwarded-For": "9.9.9.9"}
    async with small_server(tmp_path, limits={"most_open": 4, "most_of_one_address": 2}) as server:
        pages = [await server.client.ws_connect("/socket", headers=stranger) for _ in range(2)]
        with pytest.raises(WSServerHandshakeError) as crowded:
            await server.client.ws_connect("/socket", headers=stranger)
        assert crowded.value.status == 503
        pages += [await server.client.ws_connect("/socket") for _ in range(2)]
        full = await server.client.get("/socket")
        assert (full.status, full.headers["Retry-After"]) == (503, "10")
        await pages[0].close()
        await (await server.client.ws_connect("/socket", headers=stranger)).close()


async def test_lets_one_address_make_new_visitors_only_so_fast(tmp_path: Path) -> None:
    stranger = {"X-Forwarded-For": "9.9.9.9"}
    async with small_server(tmp_path, limits={"newcomers": Allowances(2, 1000.0)}) as server:
        known = await visit(server)
        for wanted in ("welcome", "welcome", None):
            socket = await server.client.ws_connect("/socket", headers=stranger)
            await socket.send_json({"type": "hello"})
            if wanted:
                assert (await socket.receive_json(timeout=10))["type"] == wanted
            else:
                assert await close_code(socket) == 1013
        socket = await server.client.ws_connect("/socket", headers=stranger)
        await socket.send_json({"type": "hello", "token": known.token})
        assert (await socket.receive_json(timeout=10))["type"] == "welcome"


def test_only_the_keys_that_came_last_are_remembered() -> None:
    each = Allowances(1, 1000.0, kept=2)
    assert [each.of(key).take() for key in ("a", "b", "a", "c", "a", "b")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


async def test_keeps_visitors_apart(server: SmallServer) -> None:
    one, two = await visit(server), await visit(server)
    await one.say("hi", "same-id")
    await one.line("bot")
    await two.say("menu", "same-id")
    assert (await two.line("customer"))["text"] == "menu"
    assert (await two.line("bot"))["text"] == "Choose:"


async def test_the_server_says_goodbye_when_it_stops(server: SmallServer) -> None:
    page = await visit(server)
    await server.socket.close()
    assert await close_code(page.socket) == 1001


async def test_a_chaos_of_cuts_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with small_server(tmp_path, limits={"pace": Allowances(100, 1.0)}) as server:
        await _chaos(server)


async def _chaos(server: SmallServer) -> None:
    """A page that is cut off at any moment and sends again what was not confirmed."""
    token, after, seen = (await visit(server)).token, 0, []
    for number in range(12):
        page = await visit(server, token=token, after=after)
        await page.say("hi", f"n{number}")
        if number % 3:
            await page.until(lambda frame: frame["type"] == "accepted")
        await page.socket.close()
        page = await visit(server, token=token, after=after)
        await page.say("hi", f"n{number}")
        await _its_line(page, f"n{number}")
        lines = [frame for frame in page.frames if frame["type"] == "line"]
        seen += lines
        after = max(frame["seq"] for frame in lines)
        await page.socket.close()
    mine = [frame["client_id"] for frame in seen if frame["who"] == "customer"]
    assert mine == [f"n{number}" for number in range(12)]


async def _its_line(page: Page, client_id: str) -> None:
    """Until the recorded line of this message has been seen, replayed or live."""

    def recorded(frame: Frame) -> bool:
        return frame.get("client_id") == client_id and "seq" in frame

    if not any(recorded(frame) for frame in page.frames):
        await page.until(recorded)


async def greeted(server: SmallServer, **hello: Any) -> tuple[Page, Frame]:
    page = Page(await server.client.ws_connect("/socket"))
    await page.send(**{"type": "hello", "after": 0, **hello})
    welcome = await page.until(lambda frame: frame["type"] == "welcome")
    page.token = welcome.get("token", "")
    return page, welcome


async def test_whoever_comes_new_is_greeted_and_nothing_is_recorded(server: SmallServer) -> None:
    page, welcome = await greeted(server, language="zh")
    assert welcome["opening"] == {"text": "您好。", "buttons": [{"title": "贷款", "payload": "/loan"}]}
    assert (await greeted(server, language="fr"))[1]["opening"]["text"].startswith("Hello.")
    assert (await greeted(server))[1]["opening"]["text"].startswith("Hello.")
    assert await server.store.queue.all() == []
    page, welcome = await greeted(server, token=page.token)
    assert welcome["opening"]["text"].startswith("Hello.")


async def test_a_press_on_the_greeting_counts_as_a_press(server: SmallServer) -> None:
    page, _ = await greeted(server, language="en")
    await page.say("/loan", title="A loan")
    assert (await page.line("bot"))["text"] == "What for?"
    assert server.reader.read_texts == []
    _, welcome = await greeted(server, token=page.token)
    assert "opening" not in welcome


async def test_only_the_first_message_can_be_a_press_on_the_greeting(server: SmallServer) -> None:
    page, _ = await greeted(server)
    await page.say("hi", "m1")
    await page.line("bot")
    await page.say("menu", "m2")
    await page.line("bot")
    await page.say("/loan", "m3")
    await page.line("customer")
    await page.line("bot")
    assert "/loan" in server.reader.read_texts


async def test_a_press_on_a_greeting_in_chinese_begins_a_conversation_in_chinese(server: SmallServer) -> None:
    page, _ = await greeted(server, language="zh")
    await page.say("/loan", title="贷款")
    await page.line("bot")
    found = await server.store.queue.find(page.conversation)
    assert found is not None and found.standing.language == "zh"
