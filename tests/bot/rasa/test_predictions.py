"""What comes next by the learned policy, as Rasa's clients read it."""

from __future__ import annotations

import pytest

from bot.dialogue.domain import Domain, Variation
from bot.dialogue.events import ActionRun, Event, SessionStarted, UserSaid
from bot.dialogue.names import KNOWLEDGE_INTENT, LISTEN
from bot.dialogue.ports import Forecast
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, Rule, Story, TextStep
from bot.rasa.predictions import prediction
from bot.rasa.stories import stories
from bot.rasa.trackers import Tracker, Verbosity
from tests.bot.dialogue.small_bot import reading
from tests.bot.dialogue.test_stories import domain


def test_a_forecast_has_its_probability_and_teds_name() -> None:
    said = UserSaid(at=1.0, text="bad", message_id="m", channel="rest", reading=reading("bad"))
    events = (SessionStarted(at=0.0), ActionRun(at=0.0, name=LISTEN), said)
    tracker = Tracker("ann", events, {})
    found = prediction(domain(), tracker, Verbosity.NONE, lambda states: Forecast("utter_cheer_up", 0.8))
    assert found["scores"][0] == {"action": "utter_cheer_up", "score": 0.8}
    assert {entry["score"] for entry in found["scores"][1:]} == {0.0}
    assert (found["policy"], found["confidence"]) == ("TEDPolicy", 0.8)
    chances = {"utter_cheer_up": 0.8, "utter_happy": 0.15, "": 0.04, "utter_of_another_bundle": 0.01}
    forecast = Forecast("utter_cheer_up", 0.8, chances)
    found = prediction(domain(), tracker, Verbosity.NONE, lambda states: forecast)
    assert found["scores"][:2] == [
        {"action": "utter_cheer_up", "score": 0.8},
        {"action": "utter_happy", "score": 0.15},
    ]
    assert {entry["score"] for entry in found["scores"][2:]} == {0.0}
    assert not {"", "utter_of_another_bundle"} & {entry["action"] for entry in found["scores"]}
    alone = prediction(domain(), tracker, Verbosity.NONE)
    assert (alone["scores"][0]["action"], alone["confidence"]) == ("action_default_fallback", 1.0)


@pytest.mark.parametrize("intent", ["nlu_fallback", "out_of_scope"])
@pytest.mark.parametrize(
    "read",
    [
        Reading(),
        reading(KNOWLEDGE_INTENT),
        reading("strange", 0.3, out_of_scope=True),
        *map(reading, ("nlu_fallback", "out_of_scope")),
        Reading((Verdict("greet", 0.4), Verdict("bye", 0.3)), ("greet", "bye", "a", "b")),
    ],
)
def test_a_rule_for_what_was_not_understood_is_taken_step_by_step(intent: str, read: Reading) -> None:
    steps = (IntentStep(frozenset({intent})), ActionStep("utter_sorry"), ActionStep("utter_menu"))
    sorry = Domain(
        intents=frozenset({"greet"}),
        responses={name: (Variation(name),) for name in ("utter_sorry", "utter_menu")},
        rules=(Rule("sorry", steps),),
    )
    said = UserSaid(at=1.0, text="hm", message_id="m", channel="rest", reading=read)
    events: tuple[Event, ...] = (SessionStarted(at=0.0), ActionRun(at=0.0, name=LISTEN), said)
    for expected in ("utter_sorry", "utter_menu", "action_listen", "action_listen"):
        found = prediction(sorry, Tracker("ann", events, {}), Verbosity.NONE)
        assert (found["scores"][0]["action"], found["policy"]) == (expected, "RulePolicy")
        events = (*events, ActionRun(at=1.0, name=expected))


def test_an_end_to_end_action_is_shown_by_its_text() -> None:
    told = (TextStep("hm"), ActionStep("A heavy one.", spoken=True))
    made = domain([Story("lock", told)], action_texts=frozenset({"A heavy one."}))
    said = UserSaid(at=1.0, text="hm", message_id="m", channel="rest", reading=Reading(language="en"))
    events = (SessionStarted(at=0.0), ActionRun(at=0.0, name=LISTEN), said)
    found = prediction(made, Tracker("ann", events, {}), Verbosity.NONE)
    assert found["scores"][0] == {"action": "A heavy one.", "score": 1.0}
    assert found["policy"] == "AugmentedMemoizationPolicy"
    ran = Tracker("ann", (*events, ActionRun(at=2.0, name="A heavy one.", spoken=True)), {})
    shown = ran.to_json(made, Verbosity.ALL)
    assert shown["latest_action"] == {"action_text": "A heavy one."}
    last = shown["events"][-1]
    assert (last["name"], last["action_text"], last["hide_rule_turn"]) == (None, "A heavy one.", False)
    assert "- bot: A heavy one." in stories(made, ran, all_sessions=False)
