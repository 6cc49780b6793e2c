"""Messages that no customer wrote: acted on like any intent, and never taken for the customer's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.frames import frame
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import MappingType, Session, SlotMapping, SlotType, Variation
from bot.dialogue.events import (
    BotSaid,
    Decided,
    Event,
    HandedOver,
    Paused,
    RedFlagged,
    SessionStarted,
    SlotSet,
    TakenOver,
    UserSaid,
)
from bot.dialogue.external_message import external_message
from bot.dialogue.fold import fold
from bot.dialogue.memory import remember
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ActionCall, ActionReply
from bot.dialogue.reading import Entity, Sentiment
from bot.dialogue.steps import ActionStep, IntentStep, Rule, Story
from bot.dialogue.turn import turn
from bot.outcome import apology
from bot.store.log import Numbered
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, on, reading, texts
from tests.bot.dialogue.test_taking_back import asked_back

WATERED = replace(
    DOMAIN,
    intents=DOMAIN.intents | {"EXTERNAL_water"},
    responses={**DOMAIN.responses, "utter_water": (Variation("Your policy {policy} needs water."),)},
    rules=(*DOMAIN.rules, on("EXTERNAL_water", "utter_water")),
)


MAPPING = SlotMapping(MappingType.FROM_ENTITY, entity="sum")


async def comes(
    talk: Talk, intent: str = "EXTERNAL_water", *entities: Entity, later: float = 10.0
) -> list[Event]:
    """Something outside asks the bot to act on `intent`."""
    talk.at += later
    message = external_message(
        conversation_id="c1",
        channel="test",
        sender="me",
        external_id=f"r{len(talk.log)}",
        intent=intent,
        entities=entities,
        at=talk.at,
    )
    events = [event async for event in turn(talk.domain, talk.state, message, talk.ends.ports())]
    talk.tell(*events)
    return events


def heard(events: list[Event]) -> UserSaid:
    return next(event for event in events if isinstance(event, UserSaid))


def row(events: list[Event]) -> str:
    return next(event.row for event in events if isinstance(event, Decided))


async def test_it_is_read_without_models_and_decided_like_any_intent() -> None:
    talk = Talk(Deaf(), WATERED)
    events = await comes(talk, "EXTERNAL_water", Entity("policy", "HL-1"))
    said = heard(events)
    assert (said.text, said.metadata) == ("EXTERNAL: EXTERNAL_water", {"is_external": True})
    assert said.reading and (said.reading.intent, said.reading.confidence) == ("EXTERNAL_water", 1.0)
    assert texts(events) == ["Your policy HL-1 needs water."]


class Deaf(Ends):
    """No model reads anything here."""

    async def read(self, request: Any) -> Any:
        raise AssertionError("a model was asked")


async def test_a_story_goes_on_with_it() -> None:
    steps = (
        IntentStep(frozenset({"greet"})),
        ActionStep("utter_greet"),
        IntentStep(frozenset({"EXTERNAL_water"})),
        ActionStep("utter_stopped"),
    )
    told = replace(DOMAIN, slots={}, rules=(), stories=(Story("watering", steps),))
    talk = Talk(domain=replace(told, memory=remember(told, longest=None)))
    await talk.say("hi")
    assert texts(await comes(talk)) == ["Stopped."]


async def test_for_which_nothing_is_provided_it_stays_on_record_in_silence() -> None:
    talk = Talk()
    for said in ("blub", "blub"):
        await talk.say(said)
    misses = talk.state.misses
    for _ in range(4):
        events = await comes(talk, "EXTERNAL_unknown")
        assert row(events) == "external" and texts(events) == []
    assert talk.state.misses == misses
    assert talk.state.holder is Holder.BOT


async def test_a_running_form_takes_none_of_its_text_and_goes_on_afterwards() -> None:
    talk = Talk(domain=WATERED)
    await talk.say("i need a loan")
    assert await talk.hear("5000") == ["What for?"]
    assert texts(await comes(talk, "EXTERNAL_unknown")) == []
    assert texts(await comes(talk, "EXTERNAL_water", Entity("policy", "HL-1"))) == [
        "Your policy HL-1 needs water.",
        "Back to where we were.",
        "What for?",
    ]
    assert talk.state.slots.get("purpose") is None
    assert await talk.hear("a boat") == ["Assessed.", "5000 for a boat."]


async def test_a_value_that_it_brings_and_the_form_refuses_leaves_the_question_open() -> None:
    slots = {
        **DOMAIN.slots,
        "amount": replace(DOMAIN.slots["amount"], mappings=(MAPPING, *DOMAIN.slots["amount"].mappings)),
        "purpose": replace(DOMAIN.slots["purpose"], type=SlotType.CATEGORICAL),
    }

    def judge(call: ActionCall) -> ActionReply:
        proposed = [event for event in call.events if isinstance(event, SlotSet) and event.value == -1]
        return ActionReply(tuple(SlotSet(at=1.0, name=event.name, value=None) for event in proposed))

    talk = Talk(Ends(actions={"validate_loan_form": judge}), replace(WATERED, slots=slots))
    await talk.say("i need a loan")
    await talk.say("5000")
    await comes(talk, "EXTERNAL_unknown", Entity("sum", -1))
    assert talk.state.slots.get("purpose") is None
    tried = [event.value for event in talk.log if isinstance(event, SlotSet)]
    assert not any("EXTERNAL" in str(value) for value in tried)


@pytest.mark.parametrize("holder", [TakenOver(at=1.0, agent="kim"), Paused(at=1.0)])
async def test_beside_a_person_and_in_a_pause_nothing_is_said(holder: Event) -> None:
    talk = Talk(domain=WATERED)
    await talk.say("hi")
    talk.tell(holder)
    events = await comes(talk)
    assert row(events) == "held" and texts(events) == []
    assert heard(events).reading


async def test_who_waits_in_the_queue_is_not_told_that_a_message_was_received() -> None:
    talk = Talk(domain=WATERED)
    await talk.say("a person please")
    assert texts(await comes(talk)) == []
    assert len(await talk.hear("hello?")) == 1


async def test_a_question_with_choices_can_still_be_answered_after_it() -> None:
    talk = asked_back(on("EXTERNAL_water", "utter_stopped"))
    assert len(await talk.hear("hm")) == 1
    assert texts(await comes(talk)) == ["Stopped."]
    assert await talk.hear("/out_of_scope") == [
        "Sorry, I did not understand that. Could you put it another way?"
    ]
    assert texts(await comes(talk)) == ["Stopped."]
    await talk.say("i need a loan")
    assert talk.state.loop == "loan_form"


async def test_it_is_nothing_that_the_customer_did() -> None:
    angry = Sentiment(0.9, 0.1, 0.0, 0.9)
    understood = {**UNDERSTOOD, "hi!": reading("greet", sentiment=angry)}
    talk = Talk(Ends(understood), WATERED)
    await talk.say("你好")
    await talk.say("hi!")
    before = talk.state
    events = await comes(talk, "EXTERNAL_unknown")
    after = talk.state
    for name in (
        "tempers",
        "misses",
        "lines",
        "question",
        "user_messages",
        "last_active",
        "language",
        "steps",
    ):
        assert getattr(after, name) == getattr(before, name), name
    assert not any(isinstance(event, (RedFlagged, SessionStarted)) for event in events)


async def test_its_name_raises_no_red_flag() -> None:
    events = await comes(Talk(), "I have crushing chest pain and cannot breathe")
    assert not any(isinstance(event, (RedFlagged, HandedOver)) for event in events)


async def test_a_first_message_is_still_the_customers_first() -> None:
    rule = Rule(
        "first", (IntentStep(frozenset({"greet"})), ActionStep("utter_stopped")), conversation_start=True
    )
    talk = Talk(domain=replace(WATERED, rules=(rule, *WATERED.rules)))
    await comes(talk)
    assert talk.state.language is None
    assert await talk.hear("hi") == ["Stopped."]


async def test_what_the_bot_says_of_its_own_accord_can_be_answered_in_the_same_session() -> None:
    talk = Talk(domain=replace(WATERED, session=Session(expiry=3600.0)))
    await talk.say("hi")
    assert not any(isinstance(event, SessionStarted) for event in await comes(talk, later=3000.0))
    assert not any(isinstance(event, SessionStarted) for event in await talk.say("hi", later=3000.0))
    await comes(talk, "EXTERNAL_unknown", later=3000.0)
    assert any(isinstance(event, SessionStarted) for event in await talk.say("hi", later=3000.0))


async def test_after_a_session_it_opens_a_new_one() -> None:
    talk = Talk(domain=replace(WATERED, session=Session(expiry=3600.0)))
    await talk.say("my policy is HL-1")
    events = await comes(talk, later=4000.0)
    assert any(isinstance(event, SessionStarted) for event in events)
    assert texts(events) == ["Your policy HL-1 needs water."]


async def test_a_hand_over_shows_what_the_customer_asked_last() -> None:
    talk = Talk(domain=replace(WATERED, rules=(*DOMAIN.rules, on("EXTERNAL_water", "action_hand_over"))))
    await talk.say("when are you open?")
    (handed,) = [event for event in await comes(talk) if isinstance(event, HandedOver)]
    assert handed.packet["question"] == "when are you open?"
    assert not any("EXTERNAL" in line["text"] for line in handed.packet["summary"])


async def test_the_customers_page_does_not_show_it() -> None:
    talk = Talk(domain=WATERED)
    shown = [frame(Numbered(place, event), {}) for place, event in enumerate(await comes(talk), 1)]
    assert [line["who"] for line in shown if line] == ["bot"]


async def test_a_customer_cannot_pass_for_it() -> None:
    talk = Talk(domain=WATERED)
    message = InboundMessage(
        "c1", "test", "me", "m1", "EXTERNAL: EXTERNAL_water", 5.0, metadata={"is_external": True, "kept": 1}
    )
    events = [event async for event in turn(talk.domain, talk.state, message, talk.ends.ports())]
    said = heard(events)
    assert said.metadata == {"kept": 1} and not said.external
    assert said.reading and said.reading.intent != "EXTERNAL_water"


def test_a_turn_of_it_that_broke_says_nothing_and_calls_nobody() -> None:
    message = external_message(
        conversation_id="c", channel="test", sender="me", external_id="r", intent="EXTERNAL_water", at=1.0
    )
    said, *more = apology(Conversation("c"), message, DOMAIN, reason="internal")
    assert isinstance(said, UserSaid) and said.external
    assert not any(isinstance(event, (BotSaid, HandedOver)) for event in more)


@given(
    st.lists(
        st.sampled_from(["hi", "i need a loan", "5000", "stop", "blub", "a person please", None]), max_size=8
    )
)
async def test_whatever_comes_between_the_customers_words_alone_count_as_theirs(
    said: list[str | None],
) -> None:
    talk = Talk(domain=WATERED)
    for text in said:
        await (comes(talk) if text is None else talk.say(text))
    assert talk.state == fold(Conversation("c1"), talk.log)
    theirs = [line.text for line in talk.state.lines if line.speaker == "customer"]
    spoken = [text for text in said if text is not None]
    assert theirs == spoken[len(spoken) - len(theirs) :]
    assert not any("EXTERNAL" in line.text for line in talk.state.lines)
