"""Retrieval intents: rules act on the whole, the likeliest part chooses the answer."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.domain import Variation
from bot.dialogue.events import BotSaid, UserSaid
from bot.dialogue.parse_data import parse_data_to_reading, reading_to_parse_data
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.selection import gathered, selected
from bot.dialogue.steps import Rule
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, on, texts

RESPONSES = {"utter_chat/name": (Variation("I am a bot."),), "utter_chat/age": (Variation("I am new."),)}
PARTS = ("chat/name", "chat/age")


def of(*verdicts: tuple[str, float], likely: tuple[str, ...] = ()) -> Reading:
    found = [Verdict(intent, probability) for intent, probability in verdicts]
    likely = likely or (found[0].intent,)
    return Reading(gathered(found), selected=selected(found), prediction_set=likely, language="en")


NAME = of(("chat/name", 0.6), ("greet", 0.3), ("chat/age", 0.1))


def talk(*rules: Rule, **heard: Reading) -> Talk:
    domain = replace(
        DOMAIN,
        intents=DOMAIN.intents | {"chat"},
        responses={**DOMAIN.responses, **RESPONSES},
        selections=frozenset(PARTS),
        rules=(*DOMAIN.rules, on("chat", "utter_chat"), *rules),
    )
    return Talk(Ends({**UNDERSTOOD, **heard}), domain)


async def test_the_likeliest_part_chooses_the_answer() -> None:
    events = await talk(name=NAME).say("name")
    assert texts(events) == ["I am a bot."]
    assert [event.response for event in events if isinstance(event, BotSaid)] == ["utter_chat/name"]


async def test_parts_that_cannot_be_told_apart_are_asked_about() -> None:
    unsure = of(("chat/name", 0.5), ("chat/age", 0.5), likely=PARTS)
    conversation = talk(hm=unsure)
    asked = [event for event in await conversation.say("hm") if isinstance(event, BotSaid)]
    assert [(b.title, b.payload) for b in asked[0].buttons][:2] == [
        ("Name", "/chat/name"),
        ("Age", "/chat/age"),
    ]
    assert await conversation.hear("/chat/age") == ["I am new."]


async def test_a_whole_without_its_part_says_nothing_wrong() -> None:
    conversation = talk()
    assert await conversation.hear("/chat", trusted=True) == [
        "Sorry, I did not understand that. Could you put it another way?"
    ]


def test_what_a_message_may_mean_names_parts() -> None:
    meanings = talk().domain.meanings
    assert {*PARTS, "greet"} <= meanings and "chat" not in meanings


@given(st.lists(st.tuples(st.sampled_from([*PARTS, "greet", "faq/a"]), st.floats(0, 0.2)), max_size=5))
def test_a_reading_survives_its_json(verdicts: list[tuple[str, float]]) -> None:
    found = sorted((Verdict(*each) for each in dict(verdicts).items()), key=lambda v: -v.probability)
    reading = Reading(gathered(found), selected=selected(found))
    if found:
        body = json.loads(json.dumps(reading_to_parse_data(reading, "x", "1")))
        assert parse_data_to_reading(body) == reading
    assert sum(v.probability for v in reading.verdicts) <= sum(v.probability for v in found) + 1e-9


async def test_the_tracker_tells_the_selectors_as_rasa_does() -> None:
    said = next(e for e in await talk(name=NAME).say("name") if isinstance(e, UserSaid))
    selectors = reading_to_parse_data(said.reading, "name", "1")["response_selector"]
    assert selectors["all_retrieval_intents"] == ["chat"]
    assert selectors["chat"]["response"]["intent_response_key"] == "chat/name"
    assert selectors["default"]["ranking"][1] == {"intent_response_key": "chat/age", "confidence": 0.1}
