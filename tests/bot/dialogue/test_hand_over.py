"""A person takes over: when, with which words to the customer, and with what the agent sees first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.events import (
    Event,
    Failed,
    FollowupSet,
    HandedOver,
    Reason,
    RedFlagged,
    Restarted,
    Returned,
    TakenOver,
)
from bot.dialogue.handover import hand_over
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ActionCall, ActionError, ActionReply
from bot.dialogue.reading import Match
from bot.dialogue.scene import Scene
from bot.dialogue.taking_up import take_up
from tests.bot.dialogue.small_bot import ANSWER, DOMAIN, UNDERSTOOD, Ends, Talk, reading, texts

FOLLOW = FollowupSet(at=1.0, name="action_silent")
EMERGENCY = "I have crushing chest pain and cannot breathe"
NEAREST_TO_THE_WISH = Match("our_people", 0.4, "Who are you?", "We are forty people.", "en")


def handed(events: list[Event]) -> list[Reason]:
    return [event.reason for event in events if isinstance(event, HandedOver)]


def packet(events: list[Event]) -> dict[str, Any]:
    return next(event.packet for event in events if isinstance(event, HandedOver))


async def test_a_red_flag_from_the_queue_is_answered_and_hands_over_anew() -> None:
    talk = Talk()
    await talk.say("a person please")
    events = await talk.say(EMERGENCY)
    assert len(texts(events)) == 1
    assert "emergency" in texts(events)[0]
    assert handed(events) == [Reason.RED_FLAG]
    assert talk.state.holder is Holder.QUEUE


async def test_a_red_flag_in_the_queue_brings_no_second_word_that_the_message_was_received() -> None:
    talk = Talk()
    await talk.say("a person please")
    assert len(await talk.hear("hello?")) == 1
    assert len(await talk.hear(EMERGENCY)) == 1
    assert await talk.hear("are you there?") == []


async def test_a_red_flag_beside_an_agent_is_on_record_and_nothing_is_said_or_handed_over() -> None:
    talk = Talk()
    await talk.say("a person please")
    talk.tell(TakenOver(at=talk.at, agent="kim"))
    events = await talk.say(EMERGENCY)
    assert texts(events) == [] and handed(events) == []
    assert any(isinstance(event, RedFlagged) for event in events)
    assert talk.state.holder is Holder.AGENT


async def test_a_waiting_customer_hears_once_and_not_every_other_time() -> None:
    talk = Talk()
    await talk.say("a person please")
    assert [len(await talk.hear("are you there")) for _ in range(5)] == [1, 0, 0, 0, 0]


async def test_who_waits_a_second_time_hears_again_that_the_message_was_received() -> None:
    talk = Talk()
    await talk.say("a person please")
    await talk.say("are you there")
    talk.tell(TakenOver(at=talk.at, agent="kim"), Returned(at=talk.at, agent="kim"))
    await talk.say("a person please")
    assert len(await talk.hear("are you there")) == 1


async def test_a_hand_over_in_the_last_step_allowed_stays_what_it_was() -> None:
    """The step limit hands over too; what already waits for a person is not handed over twice."""
    calls = 0

    def ten(call: ActionCall) -> ActionReply:
        nonlocal calls
        calls += 1
        if calls == 10:
            raise ActionError("timeout")
        return ActionReply((FOLLOW,))

    talk = Talk(Ends(actions={"action_silent": ten}))
    events = await talk.say("quiet")
    assert handed(events) == [Reason.ACTION_FAILED]
    assert not any(isinstance(event, Failed) for event in events)


def test_whoever_hands_over_what_the_bot_does_not_hold_has_made_a_mistake() -> None:
    sent = InboundMessage("c1", "test", "me", "m1", "hi", 1.0)
    for holder, reason in ((Holder.AGENT, Reason.RED_FLAG), (Holder.QUEUE, Reason.RULE)):
        scene = Scene(DOMAIN, Conversation("c1", holder=holder), sent, Ends().ports())
        with pytest.raises(AssertionError):
            hand_over(scene, reason)
        assert scene.told == []


async def test_drafts_answer_the_question_before_the_wish_for_a_person() -> None:
    wish = reading("talk_to_human", matches=(NEAREST_TO_THE_WISH,))
    talk = Talk(Ends({**UNDERSTOOD, "a person please": wish}))
    await talk.say("when are you open?")
    found = packet(await talk.say("a person please"))
    assert found["question"] == "when are you open?"
    assert [draft["answer_id"] for draft in found["drafts"]] == [ANSWER.answer_id]
    assert found["intent"] == "talk_to_human"


async def test_a_wish_said_twice_is_not_its_own_question() -> None:
    talk = Talk()
    await talk.say("when are you open?")
    await talk.say("a person please")
    talk.tell(TakenOver(at=talk.at, agent="kim"), Returned(at=talk.at, agent="kim"))
    assert packet(await talk.say("a person please"))["question"] == "when are you open?"


async def test_a_question_of_an_earlier_session_is_not_brought_up() -> None:
    talk = Talk()
    await talk.say("when are you open?")
    found = packet(await talk.say("a person please", later=2 * talk.domain.session.expiry))
    assert found["question"] == "a person please"
    talk = Talk()
    await talk.say("when are you open?")
    talk.tell(Restarted(at=talk.at))
    assert packet(await talk.say("a person please"))["question"] == "a person please"


async def test_who_is_handed_over_without_asking_is_shown_by_what_was_said_last() -> None:
    talk = Talk()
    await talk.say("when are you open?")
    for text in ("qwertz", "asdf"):
        await talk.say(text)
    found = packet(await talk.say("yxcv"))
    assert (found["question"], found["drafts"]) == ("yxcv", [])


async def test_only_answers_that_come_near_are_drafts() -> None:
    far, near = (Match(name, score, "", name, "en") for name, score in (("far", 0.31), ("near", 0.5)))
    wish = reading("faq", matches=(near, far))
    talk = Talk(Ends({**UNDERSTOOD, "where is it": wish}))
    await talk.say("where is it")
    found = packet(await talk.say("a person please"))
    assert [draft["answer_id"] for draft in found["drafts"]] == ["near"]


async def give_back(talk: Talk, *, later: float = 10.0) -> list[Event]:
    """An agent had the conversation and gives it back; what the bot makes of it."""
    talk.tell(TakenOver(at=talk.at, agent="kim"))
    returned = Returned(at=talk.at + later, agent="kim")
    ports = talk.ends.ports()
    events = await take_up(talk.domain, talk.state, returned, ports, channel="test", sender="me")
    talk.tell(*events)
    return events


async def test_an_open_question_is_asked_again_when_the_bot_is_back() -> None:
    talk = Talk()
    asked = (await talk.hear("i need a loan"))[-1]
    await talk.say("a person please")
    assert texts(await give_back(talk))[-1] == asked == "How much?"
    assert talk.state.holder is Holder.BOT and talk.state.requested_slot == "amount"
    assert await talk.hear("300") == ["What for?"]


async def test_nothing_is_asked_where_nothing_is_open() -> None:
    talk = Talk()
    await talk.say("hi")
    assert [type(event) for event in await give_back(talk)] == [Returned]


async def test_a_form_of_a_session_that_is_over_is_not_taken_up() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    assert texts(await give_back(talk, later=2 * talk.domain.session.expiry)) == []


async def test_a_question_that_cannot_be_put_does_not_send_the_customer_back_to_the_queue() -> None:
    def fail(call: ActionCall) -> ActionReply:
        raise ActionError("timeout")

    domain = replace(DOMAIN, actions=DOMAIN.actions | {"action_ask_amount"})
    talk = Talk(Ends(actions={"action_ask_amount": lambda call: ActionReply()}), domain)
    await talk.say("i need a loan")
    talk.ends.actions["action_ask_amount"] = fail
    assert [type(event) for event in await give_back(talk)] == [Returned]
    assert talk.state.holder is Holder.BOT
