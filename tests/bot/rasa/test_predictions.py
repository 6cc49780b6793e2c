"""What comes next by the learned policy, as Rasa's clients read it."""

from __future__ import annotations

from bot.dialogue.events import ActionRun, SessionStarted, UserSaid
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import Forecast
from bot.rasa.predictions import prediction
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
