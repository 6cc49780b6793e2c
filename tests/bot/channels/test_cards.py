"""A response's `elements` on every channel: as Rasa's send them, or by their words where there are no cards;
and a response that says nothing, which nobody is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.channels.frames import frame, shown
from bot.channels.rest import rasa_replies
from bot.channels.socketio_shapes import shapes
from bot.channels.telegram import calls_for
from bot.dialogue.cards import all_buttons, cards
from bot.dialogue.domain import Variation
from bot.dialogue.events import BotSaid
from bot.dialogue.message import Button
from bot.dialogue.ports import ActionCall, ActionReply, SayRequest
from bot.dialogue.replies import said_json
from bot.dialogue.wire import from_json, to_json
from bot.outcome import replies
from bot.project.check import check_folder
from bot.project.load import load_project
from bot.store.log import Numbered
from bot.store.outbox import Delivery
from tests.bot.channels.small_server import DOMAIN, LONG_PAYLOAD, SmallServer, on, small_server

CARD: dict[str, Any] = {
    "title": "Red boat",
    "subtitle": "Four seats",
    "image_url": "https://example.org/boat.png",
    "default_action": {"type": "web_url", "url": "https://example.org/boat"},
    "buttons": [
        {"type": "postback", "title": "Rent", "payload": "/pick"},
        {"type": "web_url", "title": "Look", "url": "https://example.org/look"},
        {"type": "postback", "title": "Long", "payload": LONG_PAYLOAD},
    ],
}
BARE = {"title": "Blue boat"}
SAID = BotSaid(at=1.0, text="Boats:", buttons=(Button("More", "/more"),), elements=(CARD, BARE))


def test_rest_gives_them_as_rasa_does() -> None:
    assert list(rasa_replies("ann", [Numbered(1, SAID)])) == [
        {"recipient_id": "ann", "text": "Boats:", "buttons": [{"title": "More", "payload": "/more"}]},
        {"recipient_id": "ann", "text": "Red boat : Four seats", "buttons": CARD["buttons"]},
        {"recipient_id": "ann", "text": "Blue boat : ", "buttons": []},
    ]


def test_socketio_gives_them_as_rasa_does() -> None:
    given = list(shapes(replace(SAID, text=None, buttons=())))
    assert given == [
        {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": card}}}
        for card in (CARD, BARE)
    ]


def test_the_chat_page_shows_their_words_and_buttons() -> None:
    frame = shown(SAID)
    assert frame["text"] == (
        "Boats:\n\nRed boat\nFour seats\nhttps://example.org/boat\nLook: https://example.org/look"
        "\n\nBlue boat"
    )
    assert [button["title"] for button in frame["buttons"]] == ["More", "Rent", "Long"]


def test_telegram_sends_a_picture_and_a_text_each() -> None:
    calls = calls_for(Delivery(1, "c", "telegram", 7, "5", said_json(SAID), 0))
    words = "Red boat\nFour seats\nhttps://example.org/boat\nLook: https://example.org/look"
    assert [(method, body.get("text", body.get("photo"))) for method, body in calls] == [
        ("sendMessage", "Boats:"),
        ("sendPhoto", "https://example.org/boat.png"),
        ("sendMessage", words),
        ("sendMessage", "Blue boat"),
    ]
    keys = [body["reply_markup"]["inline_keyboard"] for _, body in calls if "reply_markup" in body]
    assert keys == [
        [[{"text": "More", "callback_data": "/more"}]],
        [[{"text": "Rent", "callback_data": "/pick"}], [{"text": "Long", "callback_data": "~7.2"}]],
    ]
    assert all_buttons(SAID)[2].payload == LONG_PAYLOAD  # what the reference stands for


def test_they_are_on_record() -> None:
    assert from_json(to_json(SAID)) == SAID


@pytest.mark.parametrize(
    "odd", [{}, {"title": None, "buttons": "x"}, {"buttons": [None, {}, {"url": "u"}]}, {"default_action": 5}]
)
def test_what_is_no_card_breaks_nothing(odd: dict[str, Any]) -> None:
    said = BotSaid(at=1.0, elements=(odd,))
    assert len(cards([odd, None, 5])) == 1
    shown(said), list(shapes(said)), calls_for(Delivery(1, "c", "telegram", 7, "5", said_json(said), 0))
    assert len(list(rasa_replies("ann", [Numbered(1, said)]))) == 1


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    """It answers `hi` with cards, and `menu` with nothing."""
    async with small_server(tmp_path) as running:
        responses = {**DOMAIN.responses, "utter_cards": (Variation(elements=({**CARD, "title": "{name}"},)),)}
        responses["utter_silence"] = (Variation(text=""),)
        kept = tuple(rule for rule in DOMAIN.rules if rule.name not in ("on menu", "on greet", "on long"))
        domain = replace(
            DOMAIN,
            responses=responses,
            rules=(*kept, on("greet", "utter_cards"), on("menu", "utter_silence")),
        )
        running.manager.bot = replace(running.manager.bot, domain=domain)
        yield running


async def ask(server: SmallServer, text: str) -> Any:
    response = await server.client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": text})
    return await response.json()


async def test_a_button_of_a_card_may_be_pressed(server: SmallServer) -> None:
    [card] = await ask(server, "hi")
    assert card["text"] == "{name} : Four seats" and card["buttons"] == CARD["buttons"]
    assert (await ask(server, "/pick"))[0]["text"] == "You picked."
    assert server.reader.read_texts == ["hi"]


async def test_an_action_and_a_response_server_may_send_them(server: SmallServer) -> None:
    async def run(call: ActionCall, earlier: object) -> ActionReply:
        return ActionReply(responses=({"text": "Boats:", "elements": [CARD, 5]}, {"response": "utter_cards"}))

    async def say(request: SayRequest, earlier: object) -> dict[str, Any]:
        return {"text": None, "elements": [BARE]}

    rules = (*server.manager.bot.domain.rules, on("long", "action_boats"))
    domain = replace(
        server.manager.bot.domain, rules=rules, actions=frozenset({"action_boats"}), response_server=True
    )
    parts = {"actions": SimpleNamespace(run=run), "responses": SimpleNamespace(say=say)}
    server.manager.bot = replace(server.manager.bot, domain=domain, **cast(Any, parts))
    said = await ask(server, "long")
    assert [reply["text"] for reply in said] == ["Boats:", "Red boat : Four seats", "Blue boat : "]


async def test_a_response_that_says_nothing_is_sent_to_nobody(server: SmallServer) -> None:
    assert await ask(server, "menu") == []
    said = [item.event for item in await server.store.log.after("ann") if isinstance(item.event, BotSaid)]
    assert [event.response for event in said] == ["utter_silence"]
    assert replies("telegram", "ann", said) == []
    assert frame(Numbered(1, said[0]), {}) is None and list(shapes(said[0])) == []


def test_a_project_may_have_them(tmp_path: Path) -> None:
    (tmp_path / "domain.yml").write_text(
        "intents: [greet]\nresponses:\n  utter_boats:\n  - elements:\n    - title: Red boat\n"
        "      buttons:\n      - title: Rent\n        payload: /rent\n    - 5\n"
    )
    told = [str(finding) for finding in check_folder(tmp_path)]
    assert any(
        "domain.yml:9: error: an element of response `utter_boats` must be a map" in line for line in told
    )
    assert any("The button `Rent` of `utter_boats` sends the intent `rent`" in line for line in told)
    (tmp_path / "domain.yml").write_text(
        "intents: [greet]\nresponses:\n  utter_boats:\n  - elements:\n    - title: Red boat\n"
    )
    (variation,) = load_project(tmp_path).domain.responses["utter_boats"]
    assert variation.elements == ({"title": "Red boat"},)
