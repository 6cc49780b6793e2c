"""The learned policy: what it sees, when it is asked, and that it decides nothing that others decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import ActionRun, Decided, Event, UserSaid
from bot.dialogue.features import STATES, features, seen, told
from bot.dialogue.flow import Form
from bot.dialogue.fold import fold
from bot.dialogue.names import LISTEN
from bot.dialogue.next_action import next_action
from bot.dialogue.ports import Features, Forecast
from bot.dialogue.reading import Entity
from bot.dialogue.steps import LoopStep, Rule, SlotStep, Step, Story
from bot.dialogue.stories import acts_of
from tests.bot.dialogue.small_bot import Ends, Talk, on, reading
from tests.bot.dialogue.test_stories import MOOD, does, domain, says
from training.next_action import RECIPE

MESSAGES = st.tuples(
    st.builds(says, st.sampled_from(["greet", "great", "bad", "where"]), st.sampled_from(["city"])),
    st.lists(
        st.one_of(
            st.builds(SlotStep, st.just("city"), st.sampled_from(["Wien", None])),
            st.builds(SlotStep, st.just("vip"), st.sampled_from([True, False, None])),
        ),
        max_size=2,
    ),
    st.lists(st.sampled_from(["utter_greet", "utter_fine", "utter_happy"]), min_size=1, max_size=3),
)


@given(st.lists(MESSAGES, min_size=1, max_size=8), st.sampled_from([None, 1, 3]))
def test_a_story_told_as_a_conversation_shows_what_was_learnt(
    messages: list[tuple[Step, list[SlotStep], list[str]]], longest: int | None
) -> None:
    steps = [step for said, slots, names in messages for step in (said, *slots, *does(*names))]
    story = Story("random", tuple(steps))
    made = domain((*MOOD, story), longest=longest)
    learnt = list(told(made, story))
    state = Conversation("c")
    place = 0
    for act in acts_of(made, story):
        if isinstance(act, ActionRun):
            window = [features for features, _ in learnt[: place + 1]][-STATES:]
            assert list(seen(made, state.trail)) == window
            assert learnt[place][1] == act.name
            place += 1
        state = fold(state, [act])
    assert place == len(learnt)


def test_a_model_looks_back_no_further_than_it_is_shown() -> None:
    assert RECIPE.states <= STATES


def test_slots_are_seen_by_their_kind() -> None:
    filled = frozenset({("name", True), ("size", "large"), ("vip", False), ("much", 0.25)})
    assert features((("buy", frozenset({"city"})), filled, "buy_form", LISTEN)) == {
        "intent buy": 1.0,
        "entity city": 1.0,
        "slot name": 1.0,
        "slot size=large": 1.0,
        "slot vip=False": 1.0,
        "slot much": 1.0,
        "slot much=amount": 0.25,
        "loop buy_form": 1.0,
        f"did {LISTEN}": 1.0,
    }


class Foreseeing(Ends):
    """Understands each intent by its name, and foresees by a table of what was heard or done last."""

    def __init__(self, table: dict[str, tuple[str, float]]) -> None:
        names = ("greet", "great", "bad", "goodbye", "where", "cheer", "loan", "new")
        super().__init__({name: reading(name) for name in names})
        self.table = table
        self.asked: list[Sequence[Features]] = []
        self.foresee = self.look

    def look(self, states: Sequence[Features]) -> Forecast | None:
        self.asked.append(states)
        last = next((name for name in states[-1] if name.startswith("did ")), "")
        heard = next((name for name in states[-1] if name.startswith("intent ")), "")
        found = self.table.get(heard if last == f"did {LISTEN}" else last)
        return Forecast(*found) if found else None


def acted(events: list[Event]) -> list[tuple[str, str | None, float | None]]:
    return [(e.name, e.policy, e.confidence) for e in events if isinstance(e, ActionRun)]


def decided(events: list[Event]) -> list[tuple[str, tuple[str, ...]]]:
    return [(e.row, e.commands) for e in events if isinstance(e, Decided)]


async def test_what_no_story_tells_is_foreseen_and_listening_too() -> None:
    table = {
        "intent bad": ("utter_cheer_up", 0.9),
        "did utter_cheer_up": ("utter_did_that_help", 0.8),
        "did utter_did_that_help": (LISTEN, 0.7),
    }
    talk = Talk(Foreseeing(table), domain())
    events = await talk.say("bad")
    assert decided(events) == [("learned", ("StartFlow(utter_cheer_up 0.90)",))]
    assert acted(events)[-3:] == [
        ("utter_cheer_up", "learned", 0.9),
        ("utter_did_that_help", "learned", 0.8),
        (LISTEN, None, 1.0),
    ]


@pytest.mark.parametrize("forecast", [("utter_happy", 0.59), (LISTEN, 0.99), ("utter_unknown", 0.99), None])
async def test_an_unlikely_an_unknown_and_a_silent_forecast_change_nothing(
    forecast: tuple[str, float] | None,
) -> None:
    talk = Talk(Foreseeing({"intent great": forecast} if forecast else {}), domain())
    plain = Talk(Ends({"great": reading("great")}), domain())
    events, expected = await talk.say("great"), await plain.say("great")
    assert events == expected
    assert decided(events) == [("not_understood", ("CannotHandle",))]


async def test_rules_and_memorised_stories_are_not_asked_about() -> None:
    rules = (on("where", "utter_there"),)
    ends = Foreseeing({})
    talk = Talk(ends, domain(rules=rules))
    for text in ("greet", "great", "goodbye", "where"):
        await talk.say(text)
    assert ends.asked == []


async def test_an_intent_that_no_story_names_is_nothing_for_the_policy() -> None:
    ends = Foreseeing({"intent new": ("utter_happy", 0.99)})
    made = domain()
    talk = Talk(ends, replace(made, intents=made.intents | {"new"}))
    assert decided(await talk.say("new"))[0][0] == "not_understood"
    assert ends.asked == []


async def test_a_project_without_stories_or_with_other_policies_never_asks() -> None:
    for made in (domain(()), replace(domain(), thresholds=replace(domain().thresholds, learned=None))):
        ends = Foreseeing({"intent bad": ("utter_cheer_up", 0.9)})
        await Talk(ends, made).say("bad")
        assert ends.asked == []


LOAN = (
    Story(
        "loan", (says("loan"), *does("loan_form"), LoopStep("loan_form"), LoopStep(None), *does("utter_fine"))
    ),
    Story("bad", (says("greet"), *does("utter_greet"), says("bad"), *does("utter_cheer_up"))),
)


async def test_a_form_keeps_what_it_expects_and_asks_again_after_something_else() -> None:
    rule = Rule("start", (says("loan"), *does("loan_form"), LoopStep("loan_form")))
    table = {
        "intent bad": ("utter_cheer_up", 0.9),
        "did utter_cheer_up": (LISTEN, 0.9),
        "did loan_form": (LISTEN, 0.9),
        "intent greet": ("utter_greet", 0.9),
    }
    ends = Foreseeing(table)
    ends.understood = {**ends.understood, "in wien": reading("greet", entities=(Entity("city", "Wien"),))}
    talk = Talk(ends, domain(LOAN, rules=(rule,), forms={"loan_form": Form("loan_form", ("city",))}))
    await talk.say("loan")
    assert talk.state.loop == "loan_form"
    assert [name for name, _, _ in acted(await talk.say("bad"))] == ["utter_cheer_up", "loan_form", LISTEN]
    assert talk.state.loop == "loan_form"
    assert decided(await talk.say("in wien"))[0][0] == "expectation"
    assert talk.state.slots["city"] == "Wien"


async def test_a_form_that_has_asked_waits_whatever_is_foreseen() -> None:
    rule = Rule("start", (says("loan"), *does("loan_form"), LoopStep("loan_form")))
    forms = {"loan_form": Form("loan_form", ("city",))}
    ends = Foreseeing({"did loan_form": ("utter_fine", 0.9), "intent bad": ("utter_fine", 0.9)})
    talk = Talk(ends, domain(LOAN, rules=(rule,), forms=forms))
    await talk.say("loan")
    said = UserSaid(at=1.0, text="bad", message_id="", channel="", reading=reading("bad"))
    talk.tell(said, ActionRun(at=1.0, name="loan_form"))
    assert next_action(talk.domain, talk.state, ask=ends.foresee).action == LISTEN


async def test_the_same_answer_without_carrying_anything_out() -> None:
    table = {"intent bad": ("utter_cheer_up", 0.9), "did utter_cheer_up": (LISTEN, 0.7)}
    talk = Talk(Foreseeing(table), domain())
    events = await talk.say("bad")
    place = next(i for i, event in enumerate(events) if isinstance(event, Decided))
    state = fold(Conversation("c1"), events[:place])
    following = next_action(talk.domain, state, ask=talk.ends.foresee)
    assert (following.action, following.policy, following.row) == ("utter_cheer_up", "learned", "learned")
    assert following.confidence == 0.9
