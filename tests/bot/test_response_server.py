"""Responses worded by a server outside, over Rasa's callback protocol and a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.access import Access
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid, Failed, HandedOver
from bot.dialogue.message import InboundMessage
from bot.dialogue.outside import respond
from bot.dialogue.ports import ActionCall, ActionReply, Ports, ReadRequest, SayRequest, Wording, WordRequest
from bot.dialogue.reading import Reading, Verdict
from bot.project.check import check_folder
from bot.project.load import load_project
from bot.project.model import Endpoint
from bot.response_server import ResponseServer
from tests.bot.channels.small_server import DOMAIN, SmallServer, on, small_server

# `utter_bye` has no words in the domain, as Rasa's guide has it for projects with such a server.
WORDED = replace(
    DOMAIN,
    response_server=True,
    actions=frozenset({"utter_bye"}),
    rules=(*(rule for rule in DOMAIN.rules if rule.name != "on menu"), on("menu", "utter_bye")),
)


@dataclass
class Words:
    """The server: it says `reply` to everything, or answers with `status`."""

    reply: Any = field(default_factory=lambda: {"text": "In other words."})
    status: int = 200
    asked: list[Any] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    slow: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.headers.append(request.headers.get("Authorization", ""))
        if self.slow:
            await asyncio.sleep(5)
        return web.json_response(self.reply, status=self.status)


@asynccontextmanager
async def serving(
    folder: Path, words: Words, *, domain: Domain = WORDED, url: str | None = None
) -> AsyncIterator[SmallServer]:
    app = web.Application()
    app.router.add_post("/nlg", words.answer)
    async with (
        TestServer(app) as outside,
        aiohttp.ClientSession() as session,
        small_server(folder) as server,
    ):
        where = url or str(outside.make_url("/nlg"))
        responses = ResponseServer(session, where, domain, 0.5, Access({"Authorization": "Bearer t"}))
        server.manager.bot = replace(server.manager.bot, domain=domain, responses=responses)
        yield server


async def say(server: SmallServer, text: str) -> Any:
    response = await server.client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": text})
    return await response.json()


async def test_asks_for_the_words_as_rasa_does(tmp_path: Path) -> None:
    buttons = [{"title": "Yes", "payload": "/pick"}, {"title": "No"}]
    words = Words({"text": "Hi there.", "buttons": buttons, "image": None, "elements": []})
    async with serving(tmp_path, words) as server:
        said = await say(server, "hi")
    assert said == [
        {
            "recipient_id": "ann",
            "text": "Hi there.",
            "buttons": [{"title": "Yes", "payload": "/pick"}, {"title": "No", "payload": "No"}],
        }
    ]
    (asked,) = words.asked
    assert set(asked) == {"response", "id", "arguments", "tracker", "channel"}
    assert (asked["response"], asked["channel"], asked["arguments"]) == ("utter_greet", {"name": "rest"}, {})
    assert asked["tracker"]["sender_id"] == "ann" and asked["tracker"]["events"][-1]["event"] == "action"
    assert words.headers == ["Bearer t"]


async def test_what_it_offers_may_be_pressed(tmp_path: Path) -> None:
    words = Words({"text": "Which?", "buttons": [{"title": "This", "payload": "/pick"}]})
    async with serving(tmp_path, words) as server:
        await say(server, "hi")
        words.reply = {"text": "Taken."}
        assert (await say(server, "/pick"))[0]["text"] == "Taken."
        assert server.reader.read_texts == ["hi"] and words.asked[-1]["response"] == "utter_pick"


async def test_words_a_response_that_the_domain_only_names(tmp_path: Path) -> None:
    async with serving(tmp_path, Words({"text": "Bye."})) as server:
        assert [reply["text"] for reply in await say(server, "menu")] == ["Bye."]


BROKEN = {
    "an error": Words(status=500),
    "no message": Words([1]),
    "a text that is none": Words({"text": 7}),
    "a button without a title": Words({"text": "x", "buttons": [{}]}),
    "too slow": Words(slow=True),
}


@pytest.mark.parametrize("words", BROKEN.values(), ids=BROKEN.keys())
async def test_falls_back_to_the_domains_own_words(tmp_path: Path, words: Words) -> None:
    async with serving(tmp_path, words) as server:
        assert [reply["text"] for reply in await say(server, "hi")] == ["Hello.", "How can we help?"]
        events = [item.event for item in await server.store.log.after("ann")]
    assert [event.part for event in events if isinstance(event, Failed)] == ["say"]


async def test_without_any_words_a_person_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path, Words(), url="http://127.0.0.1:9/nlg") as server:
        (said,) = await say(server, "menu")
        assert "colleague" in said["text"]
        events = [item.event for item in await server.store.log.after("ann")]
        listed = await server.store.queue.find("ann")
    assert listed is not None and listed.standing.holder == "queue"
    assert [type(event) for event in events[-2:]] == [BotSaid, HandedOver]
    assert [event.reason for event in events if isinstance(event, Failed)] == ["unreachable"]


async def test_asks_nobody_where_no_server_is_named(tmp_path: Path) -> None:
    async with small_server(tmp_path) as server:
        assert (await say(server, "hi"))[0]["text"] == "Hello."


async def test_fills_what_an_action_gives_for_a_response() -> None:
    asked: list[SayRequest] = []

    async def act(call: ActionCall) -> ActionReply:
        return ActionReply(responses=({"response": "utter_bye", "name": "Ann", "text": None},))

    async def say_(request: SayRequest) -> dict[str, Any]:
        asked.append(request)
        return {"text": f"Bye, {request.arguments['name']}."}

    async def read(request: ReadRequest) -> Reading:
        return Reading((Verdict("menu", 1.0),), ("menu",))

    async def word(request: WordRequest) -> Wording:
        raise AssertionError("no answer is near")

    domain = replace(
        WORDED, rules=(on("menu", "action_leave"),), actions=frozenset({"utter_bye", "action_leave"})
    )
    message = InboundMessage("ann", "rest", "ann", "m1", "menu", 1.0)
    ports = Ports(read=read, act=act, word=word, say=say_)
    events = [event async for event in respond(domain, Conversation("ann"), message, ports)]
    assert [event.text for event in events if isinstance(event, BotSaid)] == ["Bye, Ann."]
    assert [request.response for request in asked] == ["utter_bye"]


def test_a_project_with_such_a_server_need_not_have_the_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text('version: "3.1"\nintents: [bye]\nactions: [utter_bye]\n')
    examples = "".join(f"      - {text}\n" for text in ("bye", "good bye", "see you"))
    (tmp_path / "data" / "nlu.yml").write_text(f"nlu:\n  - intent: bye\n    examples: |\n{examples}")
    rule = "rules:\n  - rule: bye\n    steps:\n      - intent: bye\n      - action: utter_bye\n"
    (tmp_path / "data" / "rules.yml").write_text(rule)
    told = [finding.message for finding in check_folder(tmp_path)]
    assert any("utter_bye" in message for message in told)
    (tmp_path / "endpoints.yml").write_text(
        "nlg:\n  url: http://localhost:5056/nlg\n  token: t\n  timeout: 3\n"
    )
    told = [finding.message for finding in check_folder(tmp_path)]
    assert [message for message in told if "utter_bye" in message or "not used" in message] == []
    settings = load_project(tmp_path).settings
    assert settings.response_endpoint == Endpoint("http://localhost:5056/nlg", "t", 3.0)
    (tmp_path / "endpoints.yml").write_text("nlg:\n  url: localhost\n")
    assert any("nlg has no HTTP address" in finding.message for finding in check_folder(tmp_path))
