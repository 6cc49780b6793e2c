"""Stories told in words: recalled by the same words before any intent, foreseen by like ones after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, BotSaid, Decided, Event, SlotSet, UserSaid
from bot.dialogue.features import STATES, features, seen, told
from bot.dialogue.fold import fold
from bot.dialogue.memory import recall
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import Features, Forecast
from bot.dialogue.reading import Entity, Likeness, Reading, Verdict
from bot.dialogue.steps import ActionStep, Step, Story, TextStep
from bot.dialogue.stories import acts_of, words_of
from bot.dialogue.tracker import tracker
from bot.dialogue.wire import WireError, from_json, to_json
from tests.bot.dialogue.small_bot import Ends, Talk, on, reading
from tests.bot.dialogue.test_stories import MOOD, did, does, domain, says

REFUND, RECEIPT = "can I have a refund?", "Do you have the receipt?"


def bot_says(text: str) -> ActionStep:
    return ActionStep(text, spoken=True)


WORDS = (
    *MOOD,
    Story("refund", (TextStep(REFUND), bot_says(RECEIPT), says("great"), bot_says("Bring it along."))),
    Story("lost", (TextStep(REFUND), bot_says(RECEIPT), TextStep("it is lost"), *does("utter_cheer_up"))),
    Story("later", (says("greet"), *does("utter_greet"), TextStep("later, perhaps"), *does("utter_goodbye"))),
)
SPOKEN = frozenset({RECEIPT, "Bring it along."})


def worded(stories: Sequence[Story] = WORDS, **more: Any) -> Domain:
    return domain(stories, action_texts=SPOKEN, **more)


def unsure(*likenesses: tuple[str, float]) -> Reading:
    """Of a message far from all examples, and likeliest a greeting."""
    verdicts = (Verdict("greet", 0.2),)
    return Reading(
        verdicts, language="en", out_of_scope=True, likenesses=tuple(Likeness(*pair) for pair in likenesses)
    )


class Listening(Ends):
    """Knows the intents by their names, and of some words what they are like; foresees by a table."""

    def __init__(self, table: dict[str, str] | None = None) -> None:
        refund = words_of(REFUND)
        known = {name: reading(name) for name in ("greet", "great", "bad", "where", "loan")}
        like = {
            "I want my money back": unsure((refund, 0.6)),
            "my parcel": unsure(),
            "perhaps later": replace(reading("out_of_scope"), likenesses=(Likeness("later, perhaps", 0.9),)),
            "refund by loan": replace(reading("loan"), likenesses=(Likeness(refund, 0.5),)),
        }
        super().__init__(known | like)
        self.table = table or {}
        self.asked: list[Features] = []
        if table is not None:
            self.foresee = self.look

    def look(self, states: Sequence[Features]) -> Forecast | None:
        self.asked.append(states[-1])
        last = states[-1].get("did action_listen") == 1.0
        heard = [name for name in states[-1] if name.startswith("words ")] if last else []
        done = next((name for name in states[-1] if name.startswith("did ")), "")
        found = self.table.get(heard[0] if heard else done)
        return Forecast(found, 0.8) if found else None


def rows(events: Sequence[Event]) -> list[str]:
    return [event.row for event in events if isinstance(event, Decided)]


def texts(events: Sequence[Event]) -> list[str | None]:
    return [event.text for event in events if isinstance(event, BotSaid)]


async def test_the_same_words_go_on_as_the_story_does() -> None:
    talk = Talk(Listening(), worded())
    events = await talk.say("  Can I have a refund ")
    assert (did(events), texts(events), rows(events)) == ([RECEIPT], [RECEIPT], ["words"])
    events = await talk.say("great")
    assert did(events) == ["Bring it along."], "a message with an intent, after one without"
    await talk.say(REFUND)
    assert did(await talk.say("It is lost!")) == ["utter_cheer_up"], "another session of the same story"


async def test_other_words_are_no_story_without_the_learned_policy() -> None:
    talk = Talk(Listening(), worded())
    assert rows(await talk.say("I want my money back")) == ["not_understood"]
    assert rows(await talk.say("it is lost")) == ["not_understood"], "nor the same words elsewhere"


async def test_the_same_words_go_before_what_their_intent_means_and_only_in_their_place() -> None:
    story = Story(
        "later", (TextStep("thank"), bot_says(RECEIPT), TextStep("great"), bot_says("Bring it along."))
    )
    talk = Talk(Listening(), worded((*WORDS, story), rules=(on("great", "utter_fine"),)))
    assert did(await talk.say("great")) == ["utter_fine"]
    await talk.say("thank")
    events = await talk.say("great")
    assert (did(events), rows(events)) == (["Bring it along."], ["words"])
    assert did(await talk.say("greet")) == ["utter_greet"]
    assert did(await talk.say("great")) == ["utter_fine"]


async def test_a_story_in_words_goes_before_the_rule_for_what_is_not_understood() -> None:
    rules = (on("nlu_fallback", "utter_water"), on("out_of_scope", "utter_fine"))
    talk = Talk(Listening(), worded(rules=rules))
    assert did(await talk.say(REFUND)) == [RECEIPT]
    assert did(await talk.say("my parcel")) == ["utter_water"]


async def test_like_words_are_foreseen_and_then_followed() -> None:
    table = {f"words {words_of(REFUND)}": RECEIPT, f"did {RECEIPT}": LISTEN}
    ends = Listening(table)
    talk = Talk(ends, worded(rules=(on("nlu_fallback", "utter_water"),)))
    events = await talk.say("I want my money back")
    assert (did(events), texts(events), rows(events)) == ([RECEIPT], [RECEIPT], ["learned"])
    assert ends.asked[0][f"words {words_of(REFUND)}"] == 0.6
    assert did(await talk.say("refund by loan")) == [RECEIPT], "an intent that no story has, and like words"
    ends.asked.clear()
    assert did(await talk.say("my parcel")) == ["utter_water"]
    assert ends.asked == [], "words that are like nothing are not asked about"


async def test_what_is_like_words_that_no_story_tells_any_more_is_not_asked_about() -> None:
    ends = Listening({f"words {words_of(REFUND)}": "utter_greet"})
    await Talk(ends, domain()).say("I want my money back")
    assert ends.asked == []


async def test_it_does_not_matter_that_nothing_reads_intents() -> None:
    talk = Talk(Ends({REFUND: Reading(language="en", bundle="b")}), worded())
    assert did(await talk.say(REFUND)) == [RECEIPT]


async def test_the_spoken_action_is_on_record_as_rasa_writes_it() -> None:
    talk = Talk(Listening(), worded())
    events = await talk.say(REFUND)
    ran = next(event for event in events if isinstance(event, ActionRun) and event.spoken)
    body = to_json(ran)
    assert (body["name"], body["action_text"], body["policy"]) == (None, RECEIPT, "story")
    assert [from_json(to_json(event)) for event in events] == events
    replayed = fold(Conversation("c"), [from_json(to_json(event)) for event in talk.log])
    assert (replayed.trail, replayed.marks) == (talk.state.trail, talk.state.marks)
    before = events[: events.index(ran) + 1]
    shown = tracker(talk.domain, fold(Conversation("c"), before), before)
    assert shown["latest_action"] == {"action_text": RECEIPT} and shown["latest_action_name"] == RECEIPT


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": None, "action_text": 3}, {"action_text": ""}])
def test_an_action_without_name_and_text_is_none(body: dict[str, object]) -> None:
    with pytest.raises(WireError):
        from_json({"event": "action", "timestamp": 1.0, **body})


def test_likenesses_are_on_record_and_nowhere_else() -> None:
    said = UserSaid(at=1.0, text="hi", message_id="m", channel="c", reading=unsure(("a", 0.5), ("b", 0.4)))
    assert from_json(to_json(said)) == said
    assert "likenesses" not in to_json(replace(said, reading=unsure()))["parse_data"]


def test_what_was_said_is_seen_by_its_words_or_its_intent() -> None:
    assert features(((None, frozenset(), ("refund", 1.0)), frozenset(), None, LISTEN)) == {
        "words refund": 1.0,
        f"did {LISTEN}": 1.0,
    }


MESSAGES = st.tuples(
    st.one_of(
        st.builds(TextStep, st.sampled_from(["one", "Two?", "three, or four"])),
        st.builds(says, st.sampled_from(["greet", "bad"])),
    ),
    st.lists(st.sampled_from(["utter_greet", "utter_fine"]), min_size=1, max_size=2),
)


@given(st.lists(MESSAGES, min_size=1, max_size=6), st.sampled_from([None, 2]))
def test_a_story_in_words_told_as_a_conversation_is_recalled_and_shows_what_was_learnt(
    messages: list[tuple[Step, list[str]]], longest: int | None
) -> None:
    steps = [step for said, names in messages for step in (said, *does(*names))]
    story = Story("random", tuple(steps))
    made = domain((story,), longest=longest)
    learnt, place = list(told(made, story)), 0
    state = Conversation("c")
    for act in acts_of(made, story):
        if isinstance(act, ActionRun):
            window = [states for states, _ in learnt[: place + 1]][-STATES:]
            assert list(seen(made, state.trail)) == window
            if longest is None and state.latest:
                assert recall(made, state.trail) == act.name
            place += 1
        state = fold(state, [act])
    assert place == len(learnt)


def test_entities_in_the_words_fill_slots() -> None:
    step = TextStep("a bed in Wien", (Entity("city", "Wien"),))
    acts = acts_of(domain(), Story("a", (step, *does("utter_there"))))
    assert [(act.name, act.value) for act in acts if isinstance(act, SlotSet)] == [("city", "Wien")]
