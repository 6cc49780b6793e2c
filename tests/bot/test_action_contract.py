"""What goes over the wire between our client and rasa-sdk's own server, byte by byte, in every case.

The server is the real one, over actions that the test writes; what passes is recorded on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.action_client import ActionClient
from bot.dialogue import events as ev
from bot.dialogue.conversation import Conversation
from bot.dialogue.fold import fold
from bot.dialogue.message import Button
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused
from bot.dialogue.reading import Entity
from tests.bot.dialogue.small_bot import DOMAIN
from tests.bot.serving import free_port

PERSONAL = "my card is 4111 1111 1111 1111"
SAID = ev.UserSaid(at=5.0, text=PERSONAL, message_id="m1", channel="rest")
CONVERSATION = fold(Conversation("ann"), [SAID])
ACTIONS = """
import datetime

from rasa_sdk import Action
from rasa_sdk import events as e
from rasa_sdk.interfaces import ActionExecutionRejection


class Everything(Action):
    def name(self):
        return "action_everything"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(
            text="Hello", image="i.png", attachment="a.pdf", json_message={"k": [1]},
            buttons=[{"title": "Yes", "payload": "/affirm"}],
            elements=[{"title": "Card"}],
        )
        dispatcher.utter_message(response="utter_greet", name="Ann")
        due = datetime.datetime(2030, 1, 2, 3, 4, 5)
        return [
            e.SlotSet("amount", {"of": [1, None]}),
            e.AllSlotsReset(),
            e.BotUttered("Said", {"buttons": [{"title": "No"}], "elements": None}, {"m": 1}),
            e.FollowupAction("action_listen"),
            e.ReminderScheduled("EXTERNAL_due", due, [{"entity": "n", "value": 1}], "r", False),
            e.ReminderScheduled("EXTERNAL_due", due, {"n": "1"}),
            e.ReminderCancelled("r", "EXTERNAL_due", {"n": "1"}),
            e.ConversationPaused(),
            e.ConversationResumed(),
            e.ActiveLoop("form"),
            e.Form(None),
            e.LoopInterrupted(True),
            e.FormValidation(True),
            e.ActionExecuted("action_other", "RulePolicy", 0.5),
            e.ActionExecutionRejected("action_other", "RulePolicy", 0.5),
            e.UserUtteranceReverted(),
            e.ActionReverted(),
            e.StoryExported(),
            e.Restarted(),
            e.SessionStarted(),
            e.SessionEnded(metadata={"why": "done"}),
            e.UserUttered("I said so", {"intent": {"name": "affirm"}}),
            e.AgentUttered("I am a person"),
        ]


class Refusing(Action):
    def name(self):
        return "action_refuse"

    def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection(self.name(), "Not now.")


class Broken(Action):
    def name(self):
        return "action_break"

    def run(self, dispatcher, tracker, domain):
        raise ValueError(tracker.latest_message["text"])


class Slow(Action):
    def name(self):
        return "action_wait"

    async def run(self, dispatcher, tracker, domain):
        import asyncio

        await asyncio.sleep(3)
        return []


class Silent(Action):
    def name(self):
        return "action_silent"

    def run(self, dispatcher, tracker, domain):
        return None
"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of rasa-sdk's server over the actions above."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "actions.py").write_text(ACTIONS, encoding="utf-8")
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            assert child.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        child.terminate()
        child.wait(20)


@dataclass
class Wire:
    """Everything that passed between the client and the server behind it."""

    to: str
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answered: list[tuple[int, bytes]] = field(default_factory=list)

    async def pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((dict(request.headers), body))
        headers = {"Content-Type": request.headers["Content-Type"]}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.to, data=body, headers=headers) as response,
        ):
            answer = await response.read()
            self.answered.append((response.status, answer))
            return web.Response(status=response.status, body=answer, content_type="application/json")


@asynccontextmanager
async def through(wire: Wire, *, timeout: float = 10.0) -> AsyncIterator[ActionClient]:
    app = web.Application()
    app.router.add_post("/webhook", wire.pass_on)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield ActionClient(session, str(server.make_url("/webhook")), DOMAIN, timeout)


def call(name: str, key: str = "key") -> ActionCall:
    return ActionCall(name, CONVERSATION, (SAID,), key)


async def test_what_is_asked_is_rasas_request_and_names_the_call(sdk: str) -> None:
    wire = Wire(sdk)
    async with through(wire) as client:
        for _ in range(2):  # a turn that is decided anew asks again under the same key
            await client.run(call("action_silent"), [])
        await client.run(call("action_silent", "other"), [])
    headers, body = wire.asked[0]
    asked = json.loads(body)
    assert list(asked) == ["next_action", "sender_id", "tracker", "domain", "version"]
    assert (asked["next_action"], asked["sender_id"]) == ("action_silent", "ann")
    assert (asked["version"], asked["domain"]) == ("3.21.1", dict(DOMAIN.raw))
    assert set(asked["tracker"]) >= {
        "sender_id", "slots", "latest_message", "events", "latest_input_channel", "active_loop", "paused",
        "followup_action", "latest_action_name",
    }  # fmt: skip
    assert asked["tracker"]["latest_message"]["text"] == PERSONAL
    assert [event["event"] for event in asked["tracker"]["events"]] == ["user"]
    assert headers["Content-Type"] == "application/json" and "Content-Encoding" not in headers
    assert [each["Idempotency-Key"] for each, _ in wire.asked] == ["key", "key", "other"]
    assert wire.asked[0][1] == wire.asked[1][1]


async def test_every_event_of_rasa_sdk_is_taken_as_it_is_meant(sdk: str) -> None:
    wire = Wire(sdk)
    async with through(wire) as client:
        reply = await client.run(call("action_everything"), [])
    due, at = datetime.fromisoformat("2030-01-02T03:04:05"), SAID.at
    one, text = (Entity("n", 1),), (Entity("n", "1"),)
    assert reply.events == (
        ev.SlotSet(at=at, name="amount", value={"of": [1, None]}),
        ev.SlotsReset(at=at),
        ev.BotSaid(
            at=at,
            text="Said",
            buttons=(Button("No", "No"),),
            origin=ev.Origin.ACTION,
            metadata={"m": 1},
        ),
        ev.FollowupSet(at=at, name="action_listen"),
        ev.ReminderScheduled(
            at=at, intent="EXTERNAL_due", due=due, entities=one, name="r", until_message=False
        ),
        ev.ReminderScheduled(
            at=at, intent="EXTERNAL_due", due=due, entities=text, name="key-5", until_message=True
        ),
        ev.ReminderCancelled(at=at, name="r", intent="EXTERNAL_due", entities=text),
        ev.Paused(at=at),
        ev.Resumed(at=at),
        ev.LoopSet(at=at, name="form"),
        ev.LoopSet(at=at, name=None),
        ev.LoopInterrupted(at=at, interrupted=True),
        ev.LoopInterrupted(at=at, interrupted=False),
        ev.ActionRun(at=at, name="action_other", policy="RulePolicy", confidence=0.5),
        ev.ActionRejected(at=at, name="action_other", policy="RulePolicy"),
        ev.Rewound(at=at),
        ev.Undone(at=at),
        ev.Noted(at=at, kind="export", body={}),
        ev.Restarted(at=at),
        ev.SessionStarted(at=at),
        ev.Noted(at=at, kind="session_ended", body={"metadata": {"why": "done"}}),
    )  # what customers and agents say is not for actions to put on record
    (said, named) = reply.responses
    assert (said["text"], said["image"], said["attachment"]) == ("Hello", "i.png", "a.pdf")
    assert (said["custom"], said["elements"]) == ({"k": [1]}, [{"title": "Card"}])
    assert said["buttons"] == [{"title": "Yes", "payload": "/affirm"}]
    assert (named["response"], named["name"]) == ("utter_greet", "Ann")


async def test_an_action_that_does_nothing_says_nothing(sdk: str) -> None:
    async with through(Wire(sdk)) as client:
        reply = await client.run(call("action_silent"), [])
    assert (reply.events, reply.responses) == ((), ())


async def test_a_refusal_of_the_action_and_an_unknown_one(sdk: str) -> None:
    wire = Wire(sdk)
    async with through(wire) as client:
        with pytest.raises(ActionRefused):
            await client.run(call("action_refuse"), [])
        with pytest.raises(ActionError, match="unknown_action"):
            await client.run(call("action_nowhere"), [])
    assert [status for status, _ in wire.answered] == [400, 404]
    assert len(wire.asked) == 2  # none of them is tried again


async def test_a_bad_payload_is_no_refusal_of_the_action(sdk: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(sdk, json=None, data=b"null") as response:
        bad = (response.status, await response.read())
    assert bad[0] == 400
    async with answering(*bad) as (client, asked):
        with pytest.raises(ActionError, match="server_error"):
            await client.run(call("action_refuse"), [])
    assert len(asked) == 1


async def test_a_call_without_a_domain_is_449(sdk: str) -> None:
    body = {"next_action": "action_silent", "tracker": {"sender_id": "ann"}}
    async with aiohttp.ClientSession() as session, session.post(sdk, json=body) as response:
        missing = (response.status, await response.read())
    assert missing[0] == 449
    async with answering(*missing) as (client, asked):
        with pytest.raises(ActionError, match="server_error"):
            await client.run(call("action_silent"), [])
    assert len(asked) == 1


async def test_what_a_failure_echoes_is_kept_from_the_log(sdk: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wire = Wire(sdk)
    async with through(wire) as client:
        with pytest.raises(ActionError, match="server_error") as failed:
            await client.run(call("action_break"), [])
    [(status, body)] = wire.answered
    assert status == 500 and PERSONAL.encode() in body  # rasa-sdk gives the whole request back
    assert PERSONAL not in caplog.text + repr(failed.value) + repr(failed.value.__cause__)


async def test_an_action_that_takes_too_long_is_asked_once(sdk: str) -> None:
    wire = Wire(sdk)
    async with through(wire, timeout=0.5) as client:
        with pytest.raises(ActionError, match="timeout"):
            await client.run(call("action_wait"), [])
        await asyncio.sleep(0.2)
    assert len(wire.asked) == 1  # it may have done its work


@asynccontextmanager
async def answering(
    status: int, body: bytes, **headers: str
) -> AsyncIterator[tuple[ActionClient, list[bytes]]]:
    """A server in front of the action server, as a proxy would be: it says the same to everything."""
    asked: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.read())
        return web.Response(
            status=status,
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    app = web.Application()
    app.router.add_post("/webhook", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield ActionClient(session, str(server.make_url("/webhook")), DOMAIN, 5.0), asked


TOLD = json.dumps({"events": [{"event": "slot", "name": "a", "value": 1}], "responses": []}).encode()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(TOLD)), ("deflate", zlib.compress(TOLD)), ("identity", TOLD)],
)
async def test_a_compressed_reply_is_read(encoding: str, body: bytes) -> None:
    async with answering(200, body, Content_Encoding=encoding) as (client, _):
        assert (await client.run(call("action_silent"), [])).events == (
            ev.SlotSet(at=SAID.at, name="a", value=1),
        )


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason"),
    [
        (200, b"<html>Welcome</html>", {"Content_Type": "text/html"}, "bad_reply"),
        (200, gzip.compress(TOLD)[:40], {"Content_Encoding": "gzip"}, "bad_reply"),
        (200, b"no gzip", {"Content_Encoding": "gzip"}, "bad_reply"),
        (200, gzip.compress(b" " * 50_000_000), {"Content_Encoding": "gzip"}, "bad_reply"),
        (200, b'{"events": [{"event": "slot"}]}', {}, "bad_reply"),
        (200, b'{"events": [{"event": "reminder", "intent": "a", "date_time": "soon"}]}', {}, "bad_reply"),
        (200, b'{"events": [{"event": "reminder", "intent": 5, "date_time": 6}]}', {}, "bad_reply"),
        (200, b'{"events": [{"event": "bot", "data": [1]}]}', {}, "bad_reply"),
        (200, b'{"events": {"event": "slot"}}', {}, "bad_reply"),
        (200, b'{"responses": "Hello"}', {}, "bad_reply"),
        (204, b"", {}, "server_error"),
        (400, b"<html>Bad</html>", {"Content_Type": "text/html"}, "server_error"),
        (404, b"<html>Not here</html>", {"Content_Type": "text/html"}, "unknown_action"),
        (413, b"too much", {}, "server_error"),
        (502, b"<html>No gateway</html>", {"Content_Type": "text/html"}, "server_error"),
        (503, b"", {}, "server_error"),
    ],
)
async def test_what_is_no_reply_of_an_action_has_its_reason(
    status: int, body: bytes, headers: dict[str, str], reason: str
) -> None:
    async with answering(status, body, **headers) as (client, asked):
        with pytest.raises(ActionError, match=reason):
            await client.run(call("action_silent"), [])
    assert len(asked) == 1


async def test_old_words_for_forms_are_understood() -> None:
    old = [
        {"event": "form", "name": "booking"},
        {"event": "form_validation", "validate": False},
        {"event": "form", "name": None},
    ]
    async with answering(200, json.dumps({"events": old}).encode()) as (client, _):
        assert (await client.run(call("action_silent"), [])).events == (
            ev.LoopSet(at=SAID.at, name="booking"),
            ev.LoopInterrupted(at=SAID.at, interrupted=True),
            ev.LoopSet(at=SAID.at, name=None),
        )


async def test_entries_that_are_no_events_are_left_out_and_the_rest_holds() -> None:
    events: list[Any] = [None, 5, "slot", [], {}, {"event": 5}, {"event": ""}, {"event": "slot", "name": "a"}]
    body = {"events": events, "responses": [None, "x", 7, {"text": "Hi."}]}
    async with answering(200, json.dumps(body).encode()) as (client, _):
        reply = await client.run(call("action_silent"), [])
    assert reply.events == (ev.SlotSet(at=SAID.at, name="a", value=None),)
    assert reply.responses == ({"text": "Hi."},)


async def test_a_server_that_starts_late_is_waited_for_and_asked_once() -> None:
    port, asked = free_port(), list[bytes]()

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.read())
        return web.Response(body=TOLD)

    app = web.Application()
    app.router.add_post("/webhook", answer)
    async with aiohttp.ClientSession() as session:
        client = ActionClient(session, f"http://127.0.0.1:{port}/webhook", DOMAIN, 10.0)
        waiting = asyncio.create_task(client.run(call("action_silent"), []))
        await asyncio.sleep(0.2)
        async with TestServer(app, host="127.0.0.1", port=port):
            assert (await waiting).events
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("spoken", "reason"),
    [(b"", "unreachable"), (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "bad_reply")],
)
async def test_a_connection_that_breaks_is_not_tried_again(spoken: bytes, reason: str) -> None:
    """The action may have run: only its own idempotency could tell."""
    connections: list[int] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(spoken)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        client = ActionClient(session, f"http://127.0.0.1:{port}/webhook", DOMAIN, 5.0)
        with pytest.raises(ActionError, match=reason):
            await client.run(call("action_silent"), [])
    assert len(connections) == 1
