"""Rules as RulePolicy follows them: what they say of each state since the message, and what comes next."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.domain import Domain, MappingType, Slot, SlotMapping, SlotType, Variation
from bot.dialogue.events import ActionRun, BotSaid, Event, SessionStarted, SlotSet
from bot.dialogue.ports import ActionCall, ActionError, ActionReply
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, reading

DISTRICT = Slot(
    "district",
    SlotType.CATEGORICAL,
    values=("north", "south"),
    mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="district"),),
)
NOTE = Slot("note", SlotType.TEXT)
DONE = Slot("done", SlotType.BOOL, initial=False)


def rule(name: str, *steps: Step | str, **more: Any) -> Rule:
    return Rule(name, tuple(ActionStep(step) if isinstance(step, str) else step for step in steps), **more)


def says(intent: str, *labels: str) -> IntentStep:
    return IntentStep(frozenset({intent}), frozenset(labels))


def talk(*rules: Rule, actions: dict[str, Any] | None = None, slots: tuple[Slot, ...] = ()) -> Talk:
    made = {slot.name: slot for slot in (DISTRICT, NOTE, DONE, *slots)}
    domain = Domain(
        intents=frozenset({"ask", "complain", "loan"}),
        entities=frozenset({"district", "street"}),
        slots={**DOMAIN.slots, **made},
        forms=DOMAIN.forms,
        actions=frozenset(actions or {}),
        responses={
            name: (Variation(name),) for name in ("utter_a", "utter_b", "utter_c", "utter_ask_amount")
        },
        rules=rules,
    )
    words = {
        **UNDERSTOOD,
        "ask": reading("ask"),
        "complain": reading("complain"),
        "in the north": reading("ask", entities=(Entity("district", "north"),)),
        "north street": reading("ask", entities=(Entity("district", "north"), Entity("street", "x"))),
    }
    return Talk(Ends(words, actions=actions), domain)


def did(events: list[Event]) -> list[str]:
    unseen = {"action_listen", "action_session_start"}
    return [event.name for event in events if isinstance(event, ActionRun) and event.name not in unseen]


async def test_a_condition_looks_at_what_the_message_itself_fills() -> None:
    here = rule("here", says("ask"), "utter_a", slots=(SlotStep("district", "north"),))
    assert did(await talk(here).say("in the north")) == ["utter_a"]


async def test_a_complete_rule_that_does_not_wait_leaves_the_turn_to_others() -> None:
    complain = rule("complain", says("complain"), "utter_a", waits=False)
    after = rule("after", "utter_a", "utter_b")
    assert did(await talk(complain, after).say("complain")) == ["utter_a", "utter_b"]


async def test_a_rule_that_begins_with_an_action_follows_it_wherever_it_was_done() -> None:
    complain = rule("complain", says("complain"), "utter_a", "utter_b", waits=False)
    after = rule("after", "utter_b", "utter_c")
    assert did(await talk(complain, after).say("complain")) == ["utter_a", "utter_b", "utter_c"]


async def test_a_rule_may_begin_with_what_was_done_before_its_message() -> None:
    ask = rule("ask", says("ask"), "utter_a")
    complain = rule("complain", says("complain"), "utter_c")
    after = rule("complain after a", "utter_a", says("complain"), "utter_b")
    held = talk(ask, complain, after)
    said = ["complain", "ask", "complain", "complain"]
    assert [did(await held.say(text)) for text in said] == [
        ["utter_c"],
        ["utter_a"],
        ["utter_b"],
        ["utter_c"],
    ]


@pytest.mark.parametrize(("before", "follows"), [("utter_b", True), ("utter_a", False)])
async def test_a_rule_begins_with_what_was_done_last_before_its_message(before: str, follows: bool) -> None:
    ask = rule("ask", says("ask"), "utter_a", "utter_b")
    held = talk(ask, rule("after", before, says("complain"), "utter_c"))
    await held.say("ask")
    assert ("utter_c" in did(await held.say("complain"))) is follows


async def test_a_form_goes_on_after_a_general_rule_and_not_after_one_of_its_own() -> None:
    """Rasa: who writes a rule for a form says in it when the form asks again."""
    start = rule("start", says("loan"), "loan_form", LoopStep("loan_form"))
    general = rule("complain", says("complain"), "utter_c")
    own = rule("ask", says("ask"), "utter_a", loop_given=True, loop="loan_form")
    again = rule("again", "utter_a", says("complain"), "loan_form", loop_given=True, loop="loan_form")
    held = talk(start, general, own, again)
    said = ["i need a loan", "complain", "ask", "complain"]
    assert [did(await held.say(text)) for text in said] == [
        ["loan_form"],
        ["utter_c", "loan_form"],
        ["utter_a"],
        ["loan_form"],
    ]


async def test_a_form_that_is_complete_as_it_starts_is_submitted() -> None:
    """The condition that the form runs says nothing of the state after it
    (RulePolicy._create_feature_key).
    """
    start = rule("start", says("loan"), "loan_form", LoopStep("loan_form"))
    submit = rule("submit", "loan_form", LoopStep(None), "utter_a", loop_given=True, loop="loan_form")
    conversation = talk(start, submit)
    filled = (SlotSet(at=1.0, name="amount", value=5.0), SlotSet(at=1.0, name="purpose", value="roof"))
    conversation.tell(SessionStarted(at=1.0), *filled)
    assert did(await conversation.say("i need a loan")) == ["loan_form", "utter_a"]


async def test_what_a_rule_said_of_a_slot_holds_until_it_says_otherwise() -> None:
    def finish(call: ActionCall) -> ActionReply:
        return ActionReply((SlotSet(at=0.0, name="done", value=True),))

    actions = {"action_finish": finish}
    undone = (SlotStep("done", False),)
    silent = rule("ask", says("ask"), "action_finish", "utter_a", slots=undone)
    assert did(await talk(silent, actions=actions).say("ask"))[:1] == ["action_finish"]
    assert "utter_a" not in did(await talk(silent, actions=actions).say("ask"))
    tells = rule("ask", says("ask"), "action_finish", SlotStep("done", True), "utter_a", slots=undone)
    assert did(await talk(tells, actions=actions).say("ask")) == ["action_finish", "utter_a"]


async def test_a_text_is_there_or_not_whatever_it_says() -> None:
    noted = rule("noted", says("ask"), "utter_a", slots=(SlotStep("note", "anything"),))
    none = rule("none", says("ask"), "utter_b", slots=(SlotStep("note", None),))
    conversation = talk(noted, none)
    assert did(await conversation.say("ask")) == ["utter_b"]
    conversation.tell(SlotSet(at=1.0, name="note", value="a tree fell"))
    assert did(await conversation.say("ask")) == ["utter_a"]


@pytest.mark.parametrize(
    ("text", "expected"), [("ask", "utter_a"), ("in the north", "utter_b"), ("north street", "utter_a")]
)
async def test_entities_of_a_rule_are_exactly_those(text: str, expected: str) -> None:
    rules = (rule("any", says("ask"), "utter_a"), rule("here", says("ask", "district"), "utter_b"))
    assert did(await talk(*rules).say(text)) == [expected]


async def test_a_session_of_the_projects_own_begins_with_the_initial_values() -> None:
    def start(call: ActionCall) -> ActionReply:
        return ActionReply((SessionStarted(at=0.0), SlotSet(at=0.0, name="note", value="hello")))

    conversation = talk(rule("ask", says("ask"), "utter_a"), actions={"action_session_start": start})
    await conversation.say("ask")
    assert conversation.state.slots["done"] is False and conversation.state.slots["note"] == "hello"


async def test_a_session_begins_though_the_projects_own_action_fails() -> None:
    def fail(call: ActionCall) -> ActionReply:
        raise ActionError("timeout")

    conversation = talk(rule("ask", says("ask"), "utter_a"), actions={"action_session_start": fail})
    assert did(await conversation.say("ask")) == ["utter_a"]
    assert conversation.state.started and conversation.state.slots["done"] is False


@pytest.mark.parametrize("steps", [(), ("action_listen",)])
async def test_a_rule_that_only_listens_is_silent(steps: tuple[str, ...]) -> None:
    conversation = talk(rule("ask", says("ask"), *steps))
    events = await conversation.say("ask")
    assert did(events) == [] and not any(isinstance(event, BotSaid) for event in events)
