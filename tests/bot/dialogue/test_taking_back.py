"""Messages taken back: the default actions back and fallback, Rasa's rewind and undo, two-stage fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import (
    ActionRun,
    BotSaid,
    Event,
    FollowupSet,
    Paused,
    Rewound,
    SlotSet,
    Undone,
    UserSaid,
)
from bot.dialogue.fold import fold
from bot.dialogue.memory import remember
from bot.dialogue.ports import ActionReply
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, Story
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, on, reading

TWO_STAGE = "action_two_stage_fallback"
UNSEEN = {"action_listen", "action_session_start"}


def did(events: Sequence[Event]) -> list[str]:
    return [event.name for event in events if isinstance(event, ActionRun) and event.name not in UNSEEN]


def said(events: Sequence[Event]) -> list[str | None]:
    return [event.text for event in events if isinstance(event, BotSaid)]


def payloads(events: Sequence[Event]) -> list[str]:
    return [button.payload for event in events if isinstance(event, BotSaid) for button in event.buttons]


def talk(*rules: Rule, texts: dict[str, Reading] | None = None, **more: Any) -> Talk:
    domain = replace(DOMAIN, rules=(*DOMAIN.rules, *rules))
    return Talk(Ends({**UNDERSTOOD, "back": reading("back"), **(texts or {})}, **more), domain)


async def test_back_goes_to_the_question_before() -> None:
    conversation = talk()
    await conversation.say("i need a loan")
    await conversation.say("100")
    assert conversation.state.slots["amount"] == "100"
    events = await conversation.say("back")
    assert did(events) == ["action_back", "loan_form"]
    assert said(events)[-1] == "How much?"
    assert conversation.state.slots.get("amount") is None
    assert said(await conversation.say("200")) == ["What for?"]


async def test_back_from_the_first_message_is_answered() -> None:
    conversation = talk()
    assert said(await conversation.say("back")) == ["All right, one step back."]
    assert said(await conversation.say("hi")) == ["Hello {name}"]


async def test_a_message_that_fell_back_leaves_nothing_behind() -> None:
    stories = (Story("hi, then stop", (*says("hi", "utter_greet"), *says("stop", "utter_stopped"))),)
    made = replace(DOMAIN, rules=(), stories=stories)
    conversation = Talk(Ends(UNDERSTOOD), replace(made, memory=remember(made, longest=None)))
    await conversation.say("hi")
    before = conversation.state
    await conversation.say("gibberish")
    after = conversation.state
    assert (after.slots, after.latest, after.marks) == (before.slots, before.latest, before.marks)
    assert after.lines != before.lines, "what was said is on record all the same"


def says(intent: str, *actions: str) -> tuple[IntentStep | ActionStep, ...]:
    return (IntentStep(frozenset({{"hi": "greet"}.get(intent, intent)})), *map(ActionStep, actions))


async def test_a_rewind_of_an_action_takes_the_message_back() -> None:
    def risky(call: Any) -> ActionReply:
        return ActionReply((SlotSet(at=0.0, name="purpose", value="x"), Rewound(at=0.0)))

    conversation = talk(
        on("risky", "action_risky"), texts={"risky": reading("risky")}, actions={"action_risky": risky}
    )
    await conversation.say("hi")
    events = await conversation.say("risky")
    assert did(events) == ["action_risky"]
    assert conversation.state.slots.get("purpose") is None
    assert conversation.state.latest and conversation.state.latest.text == "hi"


async def test_what_follows_a_rewind_by_name_is_run() -> None:
    def risky(call: Any) -> ActionReply:
        return ActionReply((Rewound(at=0.0), FollowupSet(at=0.0, name="utter_stopped")))

    conversation = talk(
        on("risky", "action_risky"), texts={"risky": reading("risky")}, actions={"action_risky": risky}
    )
    assert said(await conversation.say("risky")) == ["Stopped."]


def test_an_undone_action_leaves_nothing_behind() -> None:
    heard = UserSaid(at=1.0, text="hi", message_id="1", channel="test")
    ran = (ActionRun(at=1.0, name="action_x"), SlotSet(at=1.0, name="purpose", value="roof"))
    before = fold(Conversation("c"), [heard])
    after = fold(before, [*ran, Undone(at=1.0)])
    assert (after.slots, after.marks, after.trail) == (before.slots, before.marks, before.trail)
    assert after.seq == 4


# Two-stage fallback


def doubtful(first: str = "greet", **more: Any) -> Reading:
    return Reading(verdicts=(Verdict(first, 0.4), Verdict("loan", 0.1)), out_of_scope=True, **more)


FALLBACK = Rule(
    "ask back",
    (IntentStep(frozenset({"nlu_fallback"})), ActionStep(TWO_STAGE), LoopStep(TWO_STAGE)),
)


def asked_back(*rules: Rule, **more: Any) -> Talk:
    texts = {"hm": doubtful(), "hmm": doubtful("loan")}
    return talk(FALLBACK, *rules, texts=texts, **more)


async def test_a_doubt_is_asked_about() -> None:
    conversation = asked_back()
    events = await conversation.say("hm")
    assert did(events) == [TWO_STAGE]
    assert said(events) == ["Did you mean “Greet”?"]
    assert payloads(events) == ["/greet", "/out_of_scope"]
    assert conversation.state.loop == TWO_STAGE


async def test_what_was_meant_stands_for_what_was_said() -> None:
    conversation = asked_back()
    await conversation.say("hm")
    events = await conversation.say("/greet")
    assert did(events) == [TWO_STAGE, "utter_greet"]
    state = conversation.state
    assert state.loop is None and state.user_messages == 1
    assert state.latest and state.latest.text == "/greet"


@pytest.mark.parametrize("rules", [(), (on("out_of_scope", "utter_stopped"),)])
async def test_other_words_are_asked_for_and_understood(rules: tuple[Rule, ...]) -> None:
    conversation = asked_back(*rules)
    await conversation.say("hm")
    events = await conversation.say("/out_of_scope")
    assert said(events) == ["Sorry, I did not understand that. Could you put it another way?"]
    events = await conversation.say("i need a loan")
    assert did(events) == [TWO_STAGE, "loan_form"]
    assert conversation.state.loop == "loan_form"


@pytest.mark.parametrize("answers", [("hmm",), ("/out_of_scope", "hmm", "/out_of_scope")])
async def test_it_is_given_up_in_the_end(answers: tuple[str, ...]) -> None:
    conversation = asked_back()
    await conversation.say("hi")
    before = conversation.state
    await conversation.say("hm")
    for text in answers:
        events = await conversation.say(text)
    assert said(events) == ["Sorry, I did not understand that. Could you put it another way?"]
    assert conversation.state.loop is None
    assert conversation.state.trail.acts[:-1] == before.trail.acts[:-1], "nothing of it is left"
    assert said(await conversation.say("hi")) == ["Hello {name}"]


async def test_a_second_affirmation_may_be_right() -> None:
    conversation = asked_back()
    for text in ("hm", "/out_of_scope", "hmm"):
        await conversation.say(text)
    assert did(await conversation.say("/loan")) == [TWO_STAGE, "loan_form"]


async def test_a_form_goes_on_where_the_doubt_began() -> None:
    rule = replace(FALLBACK, name="in the form", loop_given=True, loop="loan_form")
    conversation = asked_back(rule)
    await conversation.say("i need a loan")
    assert said(await conversation.say("hm")) == ["Did you mean “Greet”?"]
    events = await conversation.say("/greet")
    assert did(events) == [TWO_STAGE, "utter_greet", "loan_form"]
    assert said(events)[-1] == "How much?"
    assert conversation.state.loop == "loan_form"


async def test_a_project_asks_in_its_own_way() -> None:
    """Default actions that the domain lists are the project's own."""
    mine = {
        "action_default_ask_affirmation": lambda call: ActionReply(responses=({"text": "Really?"},)),
        "action_default_fallback": lambda call: ActionReply(responses=({"text": "Pity."},)),
    }
    conversation = asked_back(actions=mine)
    conversation.domain = replace(conversation.domain, actions=conversation.domain.actions | set(mine))
    events = await conversation.say("hm")
    assert did(events) == [TWO_STAGE] and said(events) == ["Really?"]
    assert said(await conversation.say("hmm")) == ["Pity."]


async def test_a_wish_for_a_person_ends_it() -> None:
    conversation = asked_back()
    await conversation.say("hm")
    assert "action_hand_over" in did(await conversation.say("a person please"))


async def test_a_followup_to_listen_ends_the_turn() -> None:
    def risky(call: Any) -> ActionReply:
        return ActionReply((FollowupSet(at=0.0, name="action_listen"),))

    conversation = talk(
        on("risky", "action_risky", "utter_stopped"),
        texts={"risky": reading("risky")},
        actions={"action_risky": risky},
    )
    assert did(await conversation.say("risky")) == ["action_risky"]
    assert did(await conversation.say("hi")) == ["utter_greet"]


async def test_a_restart_is_heard_though_the_bot_pauses() -> None:
    conversation = talk(texts={"restart": reading("restart")})
    await conversation.say("hi")
    conversation.tell(Paused(at=conversation.at))
    assert said(await conversation.say("hi")) == []
    await conversation.say("restart")
    assert said(await conversation.say("hi")) == ["Hello {name}"]


async def test_what_was_understood_is_not_asked_about_where_nothing_answers() -> None:
    conversation = talk(FALLBACK, texts={"yes": reading("affirm")})
    assert did(await conversation.say("yes")) == ["action_default_fallback"]


async def test_what_is_not_the_projects_business_is_said_as_often_as_need_be() -> None:
    conversation = talk(on("out_of_scope", "utter_stopped"), texts={"weather": reading("out_of_scope")})
    for _ in range(4):
        assert said(await conversation.say("weather")) == ["Stopped."]


async def test_the_project_names_its_own_fallback() -> None:
    """`core_fallback_action_name` of RulePolicy."""
    conversation = talk()
    conversation.domain = replace(conversation.domain, fallback="utter_stopped")
    assert did(await conversation.say("gibberish")) == ["utter_stopped"]
