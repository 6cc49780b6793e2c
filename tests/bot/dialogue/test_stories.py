"""Stories: a bot made of nothing else goes on as they say, forgets what does not matter, and stays silent on
what no story tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.domain import Domain, MappingCondition, MappingType, Slot, SlotMapping, SlotType, Variation
from bot.dialogue.events import ActionRun, Decided, Event, Failed, Returned, SlotSet, TakenOver
from bot.dialogue.flow import Form
from bot.dialogue.memory import recall, remember
from bot.dialogue.names import LISTEN
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step, Story
from bot.dialogue.trail import TURNS_KEPT
from tests.bot.dialogue.small_bot import ANSWER, Ends, Talk, reading, texts


def says(intent: str, *entities: str) -> IntentStep:
    return IntentStep(frozenset({intent}), frozenset(entities))


def does(*names: str) -> tuple[ActionStep, ...]:
    return tuple(map(ActionStep, names))


MOOD = (
    Story("happy", (says("greet"), *does("utter_greet"), says("great"), *does("utter_happy"))),
    Story(
        "sad",
        (says("greet"), *does("utter_greet"), says("bad"), *does("utter_cheer_up", "utter_did_that_help")),
    ),
    Story("bye", (says("goodbye"), *does("utter_goodbye"))),
    Story(
        "where",
        (
            says("where", "city"),
            SlotStep("city", "Wien"),
            *does("utter_there"),
            says("great"),
            *does("utter_fine"),
        ),
    ),
    Story("cheer", (says("cheer"), SlotStep("vip", True), *does("utter_champagne"))),
    Story("plain cheer", (says("cheer"), *does("utter_water"))),
)
SLOTS = {
    "city": Slot("city", SlotType.TEXT, mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="city"),)),
    "vip": Slot(
        "vip",
        SlotType.BOOL,
        mappings=(SlotMapping(MappingType.FROM_INTENT, value=True, intents=frozenset({"vip"})),),
    ),
}


def domain(stories: Sequence[Story] = MOOD, *, longest: int | None = None, **more: Any) -> Domain:
    intents = {
        intent for s in stories for step in s.steps if isinstance(step, IntentStep) for intent in step.intents
    }
    names = {step.name for s in stories for step in s.steps if isinstance(step, ActionStep)}
    made = Domain(
        intents=frozenset(intents),
        entities=frozenset({"city"}),
        slots=SLOTS,
        responses={
            name: (Variation(name),) for name in (*names, "utter_ask_amount") if name.startswith("utter_")
        },
        stories=tuple(stories),
    )
    made = replace(made, **more)
    return replace(made, memory=remember(made, longest=longest))


def understood(*intents: str) -> dict[str, Any]:
    return {intent: reading(intent) for intent in intents}


def talk(made: Domain, **more: Any) -> Talk:
    heard = understood(*made.intents, "vip", "name", "unheard") | {
        "in wien": reading("where", entities=(Entity("city", "Wien"),)),
        "hours": reading("faq", matches=(ANSWER,)),
    }
    return Talk(Ends(heard | more), made)


def did(events: Sequence[Event]) -> list[str]:
    """What the bot did, but for listening and the session's beginning."""
    unseen = {LISTEN, "action_session_start"}
    return [event.name for event in events if isinstance(event, ActionRun) and event.name not in unseen]


async def test_the_bot_goes_on_as_its_stories_do() -> None:
    conversation = talk(domain())
    assert did(await conversation.say("greet")) == ["utter_greet"]
    assert did(await conversation.say("bad")) == ["utter_cheer_up", "utter_did_that_help"]
    assert did(await conversation.say("goodbye")) == ["utter_goodbye"], "another story begins"
    assert did(await conversation.say("greet")) == ["utter_greet"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_what_no_story_tells_is_asked_back() -> None:
    conversation = talk(domain())
    assert did(await conversation.say("great")) == ["action_default_fallback"], "no story begins so"
    await conversation.say("greet")
    assert did(await conversation.say("unheard")) == ["action_default_fallback"]
    assert did(await conversation.say("bad")) == ["utter_cheer_up", "utter_did_that_help"], "it stayed there"


async def test_a_question_answered_meanwhile_leaves_the_story_where_it_was() -> None:
    conversation = talk(domain())
    await conversation.say("greet")
    assert did(await conversation.say("hours")) == ["action_answer"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_a_rule_of_its_own_does_too() -> None:
    rule = Rule("thanks", (says("thanks"), *does("utter_welcome")))
    made = domain(rules=(rule,))
    conversation = talk(replace(made, intents=made.intents | {"thanks"}))
    await conversation.say("greet")
    assert did(await conversation.say("thanks")) == ["utter_welcome"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_entities_and_slots_tell_one_story_from_another() -> None:
    conversation = talk(domain())
    assert did(await conversation.say("where")) == ["action_default_fallback"], "no city, no such story"
    assert did(await conversation.say("in wien")) == ["utter_there"]
    assert did(await conversation.say("great")) == ["utter_fine"]
    assert did(await conversation.say("cheer")) == ["utter_water"]
    await conversation.say("vip")
    assert did(await conversation.say("cheer")) == ["utter_water"], "the fallback took back what that filled"


async def test_what_was_filled_by_the_way_counts() -> None:
    rule = Rule("noted", (says("vip"), *does("utter_noted")))
    conversation = talk(domain(rules=(rule,)))
    await conversation.say("vip")
    assert did(await conversation.say("cheer")) == ["utter_champagne"]


async def test_slots_of_before_hold_where_a_story_names_them_at_its_beginning() -> None:
    stories = (
        Story(
            "ask",
            (
                says("vip"),
                SlotStep("vip", True),
                *does("utter_noted"),
                says("cheer"),
                *does("utter_champagne"),
            ),
        ),
        Story("plain", (says("cheer"), *does("utter_water"))),
    )
    conversation = talk(domain(stories))
    await conversation.say("vip")
    assert did(await conversation.say("cheer")) == ["utter_champagne"]


async def test_what_was_not_understood_begins_no_story() -> None:
    strange = reading("greet", 0.2, out_of_scope=True)
    conversation = talk(domain(), nonsense=strange)
    assert did(await conversation.say("nonsense")) == ["action_default_fallback"]
    assert did(await conversation.say("greet")) == ["utter_greet"]


async def test_what_was_filled_by_the_way_may_be_forgotten_at_a_new_beginning() -> None:
    rule = Rule("there", (says("elsewhere"), *does("utter_there")))
    made = domain(rules=(rule,))
    heard = reading("elsewhere", entities=(Entity("city", "Wien"),))
    conversation = talk(replace(made, intents=made.intents | {"elsewhere"}), elsewhere=heard)
    assert did(await conversation.say("elsewhere")) == ["utter_there"]
    assert conversation.state.slots["city"] == "Wien"
    assert did(await conversation.say("greet")) == ["utter_greet"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_a_rule_that_a_story_tells_is_a_step_of_it() -> None:
    rule = Rule("there", (says("where"), *does("utter_there")))
    conversation = talk(domain(rules=(rule,)))
    assert did(await conversation.say("in wien")) == ["utter_there"]
    assert did(await conversation.say("great")) == ["utter_fine"]


async def test_stories_that_contradict_each_other_are_not_recalled() -> None:
    stories = (Story("one", (says("hi"), *does("utter_a"))), Story("two", (says("hi"), *does("utter_b"))))
    assert did(await talk(domain(stories)).say("hi")) == ["action_default_fallback"]


@pytest.mark.parametrize(("longest", "last"), [(None, ["action_default_fallback"]), (2, ["utter_happy"])])
async def test_a_short_memory_asks_for_the_last_steps_alone(longest: int | None, last: list[str]) -> None:
    """Two states: what was said, and what was done before it; the story's beginning is beyond them."""
    great: tuple[Step, ...] = (says("great"), *does("utter_happy"))
    stories = (
        Story("long", (says("a"), *does("utter_a"), says("b"), *does("utter_b"), *great)),
        Story("other", (says("c"), *does("utter_c"), says("b"), *does("utter_b"))),
    )
    conversation = talk(domain(stories, longest=longest))
    for text in ("c", "b"):
        await conversation.say(text)
    assert did(await conversation.say("great")) == last


ASKED = SlotMapping(
    MappingType.FROM_TEXT,
    conditions=(MappingCondition("loan_form", "amount"),),
    not_intents=frozenset({"why"}),
)
LOAN: tuple[Step, ...] = (says("loan"), *does("loan_form"), LoopStep("loan_form"))
DONE: tuple[Step, ...] = (LoopStep(None), *does("utter_done"))
BECAUSE: tuple[Step, ...] = (says("why"), *does("utter_because", "loan_form"), LoopStep("loan_form"))


def lender() -> Talk:
    stories = (
        Story("loan", (*LOAN, *DONE, says("great"), *does("utter_happy"))),
        Story("loan, but why", (*LOAN, *BECAUSE, *DONE)),
    )
    amount = Slot("amount", SlotType.FLOAT, influences=False, mappings=(ASKED,))
    form = Form("loan_form", ("amount",))
    return talk(domain(stories, slots={"amount": amount}, forms={"loan_form": form}))


async def test_a_form_is_one_step_of_a_story_whatever_is_said_in_it() -> None:
    conversation = lender()
    assert did(await conversation.say("loan")) == ["loan_form"]
    assert did(await conversation.say("500")) == ["loan_form", "utter_done"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_a_question_answered_in_a_form_leaves_its_story_where_it_was() -> None:
    conversation = lender()
    await conversation.say("loan")
    assert did(await conversation.say("hours")) == ["action_answer", "loan_form"]
    assert did(await conversation.say("500")) == ["loan_form", "utter_done"]
    assert did(await conversation.say("great")) == ["utter_happy"]


async def test_a_story_may_lead_out_of_a_form_and_back() -> None:
    conversation = lender()
    await conversation.say("loan")
    assert did(await conversation.say("why")) == ["utter_because", "loan_form"]
    assert conversation.state.loop == "loan_form"
    assert did(await conversation.say("500")) == ["loan_form", "utter_done"]


async def test_a_story_is_recalled_late_in_a_long_conversation() -> None:
    conversation = talk(domain())
    for _ in range(TURNS_KEPT + 3):
        await conversation.say("goodbye")
    await conversation.say("greet")
    assert conversation.state.trail.turns == TURNS_KEPT
    assert did(await conversation.say("bad")) == ["utter_cheer_up", "utter_did_that_help"]


DONE_TO = st.lists(st.sampled_from(["utter_x", "utter_y", "utter_z"]), min_size=1, max_size=3)
TURN = st.tuples(st.sampled_from("abcd"), DONE_TO)


@given(st.lists(TURN, min_size=1, max_size=6))
async def test_every_story_plays_itself(turns: list[tuple[str, list[str]]]) -> None:
    steps: list[Step] = []
    for intent, actions in turns:
        steps += [says(intent), *does(*actions)]
    conversation = talk(domain((Story("only", tuple(steps)),)))
    for intent, actions in turns:
        assert did(await conversation.say(intent)) == actions


@given(
    st.lists(st.sampled_from("abcdxyz"), max_size=12),
    st.lists(TURN, max_size=6),
    st.integers(1, 4) | st.none(),
)
async def test_no_sequence_of_messages_leaves_the_bot_silent_or_in_a_loop(
    said: list[str], turns: list[tuple[str, list[str]]], longest: int | None
) -> None:
    steps: list[Step] = []
    for intent, actions in turns:
        steps += [says(intent), *does(*actions)]
    conversation = talk(domain((Story("only", tuple(steps)),), longest=longest))
    for text in said:
        events = await conversation.say(text)
        listens = any(isinstance(event, Decided) and event.commands == ("Hold",) for event in events)
        assert texts(events) or listens or conversation.state.holder != "bot", "silent only where a story is"
        assert not any(isinstance(event, Failed) for event in events)


async def test_an_entity_of_a_story_fills_the_slot_mapped_from_it() -> None:
    """rasa.shared.core.domain, slots_for_entities; `store_entities_as_slots: false` turns it off."""
    given = (Entity("city", "Wien"),)
    told: tuple[Step, ...] = (
        IntentStep(frozenset({"where"}), frozenset({"city"}), given),
        *does("utter_there"),
    )
    stories = (Story("where", (*told, says("great"), *does("utter_fine"))),)
    conversation = talk(domain(stories))
    assert did(await conversation.say("in wien")) == ["utter_there"]
    assert did(await conversation.say("great")) == ["utter_fine"]
    apart = talk(domain(stories, entities_fill=False))
    assert did(await apart.say("in wien")) == ["action_default_fallback"], "the slot is filled, in no story"


async def test_a_value_told_again_begins_a_story_again() -> None:
    conversation = talk(domain())
    for _ in range(2):
        assert did(await conversation.say("in wien")) == ["utter_there"]
        assert did(await conversation.say("great")) == ["utter_fine"]


async def test_slots_that_only_rules_name_tell_no_story_apart() -> None:
    rule = Rule("vips", (says("vip"), *does("utter_noted")), slots=(SlotStep("vip", True),))
    stories = (Story("cheers", (says("cheer"), *does("utter_water"))),)
    conversation = talk(domain(stories, rules=(rule,)))
    conversation.tell(SlotSet(at=1.0, name="vip", value=True))
    assert did(await conversation.say("cheer")) == ["utter_water"]


async def test_what_was_said_to_a_person_does_not_lengthen_the_memory() -> None:
    conversation = talk(domain())
    await conversation.say("greet")
    before = conversation.state.trail
    conversation.tell(TakenOver(at=2.0, agent="kim"))
    for _ in range(TURNS_KEPT):
        await conversation.say("great")
    conversation.tell(Returned(at=3.0, agent="kim"))
    assert conversation.state.trail == before
    assert did(await conversation.say("great")) == ["utter_happy"]


@pytest.mark.parametrize(
    ("value", "feature"),
    [
        (True, True),
        ("true", True),
        ("False", False),
        (1, True),
        ("1", True),
        (2, False),
        ("no", None),
        ([], None),
    ],
)
def test_what_counts_as_true(value: object, feature: bool | None) -> None:
    """rasa.shared.core.slots, bool_from_any."""
    assert Slot("x", SlotType.BOOL).feature(value) is feature


def test_without_stories_nothing_is_recalled() -> None:
    assert recall(domain(()), Talk().state.trail) is None


@pytest.mark.parametrize("intent", ["out_of_scope", "nlu_fallback"])
async def test_what_is_no_business_of_the_bot_may_be_told_by_a_story(intent: str) -> None:
    """As in Rasa, to which these intents are like any other."""
    stories = (*MOOD, Story("not mine", (says(intent), *does("utter_not_mine", "utter_what_i_can"))))
    talk = Talk(Ends({"pizza": reading(intent)}), domain(stories))
    assert await talk.hear("pizza") == ["utter_not_mine", "utter_what_i_can"]
