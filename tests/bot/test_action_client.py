"""The client of action servers reads whole replies within its limit, and takes from them what an action may
say.

The server is a small one of the test's own; rasa-sdk's is talked to in tests/bot/test_serving.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.action_client import LARGEST_REPLY, ActionClient
from bot.dialogue.conversation import Conversation
from bot.dialogue.events import BotSaid, HandedOver, Origin, Reason, ReminderScheduled, SlotSet
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply
from tests.bot.dialogue.small_bot import DOMAIN

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Connect = Callable[[Handler], Awaitable[ActionClient]]

CALL = ActionCall("action_assess", Conversation("c"), (), "key")


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Starts an action server with one handler and gives a client of it."""
    servers: list[TestServer] = []
    async with aiohttp.ClientSession() as session:

        async def start(handler: Handler) -> ActionClient:
            app = web.Application()
            app.router.add_post("/webhook", handler)
            server = TestServer(app)
            await server.start_server()
            servers.append(server)
            return ActionClient(session, str(server.make_url("/webhook")), DOMAIN, 5.0)

        yield start
    for server in servers:
        await server.close()


def replying(body: bytes, *, status: int = 200, pieces: int = 1) -> Handler:
    """Answers with this body, in so many pieces that arrive one after another."""

    async def handler(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        size = -(-len(body) // pieces) or 1
        for start in range(0, len(body), size):
            await response.write(body[start : start + size])
            await asyncio.sleep(0.01 if pieces > 1 else 0)
        await response.write_eof()
        return response

    return handler


def told(events: Sequence[Mapping[str, Any]] = (), text: str = "ok") -> bytes:
    return json.dumps({"events": list(events), "responses": [{"text": text}]}).encode()


async def taken(connect: Connect, *events: Mapping[str, Any]) -> ActionReply:
    return await (await connect(replying(told(events)))).run(CALL, [])


async def reason(client: ActionClient) -> str:
    with pytest.raises(ActionError) as refused:
        await client.run(CALL, [])
    return refused.value.reason


async def test_a_reply_in_several_pieces_is_read_whole(connect: Connect) -> None:
    client = await connect(replying(told(text="x" * 1000), pieces=4))
    assert (await client.run(CALL, [])).responses == ({"text": "x" * 1000},)


async def test_a_large_reply_is_read_whole(connect: Connect) -> None:
    client = await connect(replying(told(text="x" * 700_000)))
    [response] = (await client.run(CALL, [])).responses
    assert len(response["text"]) == 700_000


async def test_a_reply_above_the_limit_is_refused(connect: Connect) -> None:
    assert await reason(await connect(replying(told(text="x" * LARGEST_REPLY)))) == "bad_reply"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"events": 5}', b"\xff\xfe", b"[" * 60_000])
async def test_a_reply_that_is_none_is_refused(connect: Connect, body: bytes) -> None:
    assert await reason(await connect(replying(body))) == "bad_reply"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
async def test_numbers_that_json_does_not_know_are_refused(connect: Connect, number: bytes) -> None:
    body = b'{"events": [{"event": "slot", "name": "amount", "value": ' + number + b"}]}"
    assert await reason(await connect(replying(body))) == "bad_reply"


async def test_the_actions_own_refusal_is_told_from_a_failure(connect: Connect) -> None:
    rejection = json.dumps({"error": "no", "action_name": "action_assess"}).encode()
    with pytest.raises(ActionRefused):
        await (await connect(replying(rejection, status=400))).run(CALL, [])
    assert await reason(await connect(replying(rejection, status=500))) == "server_error"
    assert await reason(await connect(replying(b"{}", status=404))) == "unknown_action"


async def test_an_action_writes_rasas_events_and_may_hand_over(connect: Connect) -> None:
    reply = await taken(
        connect,
        {"event": "slot", "timestamp": None, "name": "amount", "value": 5},
        {"event": "reminder", "intent": "EXTERNAL_check", "date_time": "2030-01-01T00:00:00"},
        {"event": "handed_over", "reason": "rule"},
    )
    slot, reminder, handed = reply.events
    assert isinstance(slot, SlotSet) and (slot.name, slot.value) == ("amount", 5)
    assert isinstance(reminder, ReminderScheduled) and reminder.intent == "EXTERNAL_check"
    assert reminder.name == "key-1"  # so that a later action can call it off
    assert isinstance(handed, HandedOver) and handed.reason is Reason.RULE


@pytest.mark.parametrize(
    "forged",
    [
        {"event": "taken_over", "agent": "kim"},
        {"event": "returned", "agent": "kim"},
        {"event": "reviewed", "message_id": "m", "intent": "greet", "agent": "kim"},
        {"event": "agent", "text": "I am a person.", "data": {"agent": "kim"}},
        {"event": "user", "text": "I said that."},
        {"event": "decided", "row": "rule"},
        {"event": "red_flagged", "flags": []},
        {"event": "failed", "part": "turn", "reason": "x"},
        {"event": "action_failed", "name": "x", "reason": "y"},
        {"event": "made up\0"},
    ],
)
async def test_what_is_not_an_actions_to_say_stays_out_of_the_log(
    connect: Connect, forged: dict[str, Any]
) -> None:
    honest = {"event": "slot", "name": "amount", "value": 5}
    reply = await taken(connect, forged, honest)
    assert [type(event) for event in reply.events] == [SlotSet]
    assert reply.responses == ({"text": "ok"},)


async def test_an_actions_words_are_on_record_as_the_actions(connect: Connect) -> None:
    metadata = {"origin": "answer", "answer_id": "vetted", "bundle": "b"}
    [event] = (await taken(connect, {"event": "bot", "text": "Trust me.", "metadata": metadata})).events
    assert isinstance(event, BotSaid)
    assert (event.text, event.origin, event.answer_id, event.bundle) == (
        "Trust me.",
        Origin.ACTION,
        None,
        "",
    )
