"""Rasa's REST channel, request by request."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.allowance import Allowances
from bot.channels.contract import BadRequest
from bot.channels.rest import parse
from bot.dialogue.events import TakenOver
from tests.bot.channels.small_server import LONG_PAYLOAD, SmallServer, small_server, until

PATH = "/webhooks/rest/webhook"


async def say(server: SmallServer, text: str | None, **more: Any) -> Any:
    response = await server.client.post(PATH, json={"sender": "ann", "message": text, **more})
    assert response.status == 200
    return await response.json()


async def test_says_it_is_there(server: SmallServer) -> None:
    response = await server.client.get("/webhooks/rest/")
    assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_splits_a_text_at_blank_lines(server: SmallServer) -> None:
    assert await say(server, " hi ") == [
        {"recipient_id": "ann", "text": "Hello."},
        {"recipient_id": "ann", "text": "How can we help?"},
    ]


async def test_gives_buttons_with_their_text(server: SmallServer) -> None:
    buttons = [{"title": "Short", "payload": "/pick"}, {"title": "Long", "payload": LONG_PAYLOAD}]
    assert await say(server, "menu") == [{"recipient_id": "ann", "text": "Choose:", "buttons": buttons}]
    assert await say(server, LONG_PAYLOAD) == [{"recipient_id": "ann", "text": "You picked."}]


async def test_gives_parts_in_rasas_order(server: SmallServer) -> None:
    replies = await say(server, "picture")
    assert [sorted(reply.keys() - {"recipient_id"}) for reply in replies] == [["text"], ["custom"], ["image"]]


async def test_needs_no_content_type(server: SmallServer) -> None:
    body = json.dumps({"sender": "ann", "message": "hi"})
    response = await server.client.post(PATH, data=body, headers={"Content-Type": "text/plain"})
    assert response.status == 200
    assert response.content_type == "application/json"
    assert len(await response.json()) == 2


async def test_takes_no_sender_for_the_default_one(server: SmallServer) -> None:
    response = await server.client.post(PATH, json={"sender": None, "message": "hi"})
    assert (await response.json())[0]["recipient_id"] == "default"
    response = await server.client.post(PATH, json={"message": "hi"})
    assert (await response.json())[0]["recipient_id"] == "default"


@pytest.mark.parametrize("stream", ["true", "True"])
async def test_streams_one_object_a_line(server: SmallServer, stream: str) -> None:
    response = await server.client.post(f"{PATH}?stream={stream}", json={"sender": "ann", "message": "hi"})
    assert response.content_type == "text/event-stream"
    lines = (await response.text()).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["Hello.", "How can we help?"]


async def test_answers_a_retry_with_the_recorded_reply(server: SmallServer) -> None:
    first = await say(server, "hi", metadata={"message_id": "m1"})
    again = await say(server, "hi", metadata={"message_id": "m1"})
    assert first == again
    assert server.reader.read_texts == ["hi"]
    await say(server, "hi", metadata={"message_id": "m2"})
    assert server.reader.read_texts == ["hi", "hi"]


async def test_answers_concurrent_retries_from_one_turn(server: SmallServer) -> None:
    replies = await asyncio.gather(*(say(server, "hi", metadata={"message_id": "m"}) for _ in range(8)))
    assert all(reply == replies[0] and reply for reply in replies)
    assert server.reader.read_texts == ["hi"]


async def test_gives_nobody_anothers_reply(server: SmallServer) -> None:
    await say(server, "hi", metadata={"message_id": "m1"})
    other = await server.client.post(
        PATH, json={"sender": "bob", "message": "menu", "metadata": {"message_id": "m1"}}
    )
    assert (await other.json())[0]["text"] == "Choose:"


async def test_keeps_senders_out_of_other_channels(server: SmallServer) -> None:
    response = await server.client.post(PATH, json={"sender": "telegram:42", "message": "hi"})
    assert (await response.json())[0]["recipient_id"] == "telegram:42"
    assert await server.store.queue.find("telegram:42") is None
    assert await server.store.queue.find("rest:telegram:42") is not None


async def test_says_nothing_while_a_person_holds_the_conversation(server: SmallServer) -> None:
    assert len(await say(server, "human")) == 1
    await server.store.desk.take_over("ann", TakenOver(at=1.0, agent="eve"), now=1.0)
    assert await say(server, "hi") == []


async def test_gives_what_there_is_when_time_is_up_and_keeps_the_reply(tmp_path: Path) -> None:
    async with small_server(tmp_path, rest={"timeout": 0.05}) as server:
        server.reader.go.clear()
        assert await say(server, "hi", metadata={"message_id": "slow"}) == []
        server.reader.go.set()
        await until(lambda: server.reader.read_texts == ["hi"])
    async with small_server(tmp_path) as server:
        assert len(await say(server, "hi", metadata={"message_id": "slow"})) == 2
        assert server.reader.read_texts == []


BAD = [
    b"",
    b"{",
    b"[1]",
    b'"text"',
    b'{"sender": "a", "message": 1}',
    b'{"sender": ["a"], "message": "hi"}',
    b'{"sender": true, "message": "hi"}',
    b'{"sender": "", "message": "hi"}',
    b'{"sender": "a\\u0000b", "message": "hi"}',
    b'{"sender": "\\ud800", "message": "hi"}',
    b'{"sender": "a", "message": "secret", "metadata": {"x": NaN}}',
    b'{"sender": "a", "message": "hi", "metadata": {"message_id": 7}}',
    b"[" * 50_000,
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
async def test_refuses_what_is_no_message(server: SmallServer, body: bytes) -> None:
    response = await server.client.post(PATH, data=body)
    assert response.status == 400
    answer = await response.json()
    assert set(answer) == {"error"} and set(answer["error"]) == {"code", "message"}
    assert "Traceback" not in answer["error"]["message"] and "secret" not in answer["error"]["message"]


async def test_refuses_a_body_over_the_limit(server: SmallServer) -> None:
    response = await server.client.post(PATH, json={"sender": "a", "message": "x" * 1_000_000})
    assert (response.status, (await response.json())["error"]["code"]) == (413, "too_large")
    assert await server.store.queue.find("a") is None


async def test_asks_for_its_token(tmp_path: Path) -> None:
    async with small_server(tmp_path, rest={"token": "t0ken"}) as server:
        body = {"sender": "a", "message": "hi"}
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "t0ken"}):
            assert (await server.client.post(PATH, json=body, headers=header)).status == 401
        right = {"Authorization": "Bearer t0ken"}
        assert (await server.client.post(PATH, json=body, headers=right)).status == 200


async def test_lets_no_other_site_call_unless_it_is_listed(tmp_path: Path) -> None:
    header = {"Origin": "https://shop.example"}
    async with small_server(tmp_path) as server:
        response = await server.client.post(PATH, json={"message": "hi"}, headers=header)
        assert "Access-Control-Allow-Origin" not in response.headers
        assert (await server.client.options(PATH, headers=header)).status == 403
    async with small_server(tmp_path, rest={"origins": ("https://shop.example",)}) as server:
        response = await server.client.options(PATH, headers=header)
        assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        foreign = await server.client.post(
            PATH, json={"message": "hi"}, headers={"Origin": "https://evil.example"}
        )
        assert "Access-Control-Allow-Origin" not in foreign.headers


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_reads_anything_or_refuses_it(body: bytes) -> None:
    try:
        message = parse(body, channel="rest", at=1.0)
    except BadRequest:
        return
    assert message.conversation_id in (message.sender, f"rest:{message.sender}")


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_two_senders_share_a_conversation(one: str, other: str) -> None:
    def conversation(sender: str) -> str:
        return parse(json.dumps({"sender": sender}).encode(), channel="rest", at=1.0).conversation_id

    assert (conversation(one) == conversation(other)) == (one == other)


async def call(server: SmallServer, address: str, *, sender: str = "ann", **headers: str) -> Any:
    body = {"sender": sender, "message": "hi"}
    return await server.client.post(PATH, json=body, headers={"X-Forwarded-For": address, **headers})


async def test_slows_strangers_down_by_their_address_whatever_they_call_themselves(tmp_path: Path) -> None:
    now = 0.0
    pace = Allowances(3, 1.0, clock=lambda: now)
    async with small_server(tmp_path, rest={"pace": pace}) as server:
        statuses = [(await call(server, "9.9.9.9", sender=f"s{n}")).status for n in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = await call(server, "9.9.9.9")
        assert (await refused.json())["error"]["code"] == "too_fast"
        assert refused.headers["Retry-After"] == "1"
        assert (await call(server, "1.1.1.1")).status == 200
        now += 1
        assert (await call(server, "9.9.9.9")).status == 200
        assert len(await server.store.queue.all()) == 4  # refused ones opened no conversation


async def test_slows_down_neither_ones_own_network_nor_who_has_the_token(tmp_path: Path) -> None:
    pace = Allowances(1, 1000.0)
    async with small_server(tmp_path, rest={"pace": pace}) as server:
        assert {(await call(server, "192.168.1.5")).status for _ in range(3)} == {200}
    async with small_server(tmp_path, rest={"pace": pace, "token": "t"}) as server:
        known = {"Authorization": "Bearer t"}
        assert {(await call(server, "9.9.9.9", **known)).status for _ in range(3)} == {200}


async def test_takes_the_body_that_its_settings_allow(tmp_path: Path) -> None:
    async with small_server(tmp_path, rest={"largest_body": 200}) as server:
        assert (await server.client.post(PATH, json={"message": "x" * 100})).status == 200
        refused = await server.client.post(PATH, json={"message": "x" * 200})
        assert (refused.status, (await refused.json())["error"]["code"]) == (413, "too_large")
