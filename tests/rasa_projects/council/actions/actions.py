"""What the counter does itself: cases, appointments, ways through the town, and asking what was meant."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ConversationPaused, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.types import DomainDict

CLOSED = {"building": ("Monday",), "social": ("Friday",)}


class ValidateProblemForm(FormValidationAction):
    def name(self) -> str:
        return "validate_problem_form"

    def validate_details(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if len(str(value).split()) < 3:
            dispatcher.utter_message(response="utter_too_short")
            return {"details": None}
        return {"details": value}


class ValidateAppointmentForm(FormValidationAction):
    def name(self) -> str:
        return "validate_appointment_form"

    def validate_day(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value in CLOSED.get(tracker.get_slot("office") or "", ()):
            dispatcher.utter_message(response="utter_closed_day", day=value)
            return {"day": None}
        return {"day": value}


class ActionAskItems(Action):
    def name(self) -> str:
        return "action_ask_bulky_form_items"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(text="What shall we fetch?")
        return []


class ActionFileProblem(Action):
    """Files the report and forgets it."""

    def name(self) -> str:
        return "action_file_problem"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_problem_filed")
        filed = {name: tracker.get_slot(name) for name in ("category", "street", "details", "urgent")}
        return [SlotSet("cases", [filed]), *(SlotSet(name, None) for name in filed)]


class ActionOrderBulky(Action):
    def name(self) -> str:
        return "action_order_bulky"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("items", None), SlotSet("street", None)]


class ActionGrantPermit(Action):
    def name(self) -> str:
        return "action_grant_permit"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("resident", None)]


class ActionMakeAppointment(Action):
    def name(self) -> str:
        return "action_make_appointment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("has_appointment", True)]


class ActionFindAppointment(Action):
    def name(self) -> str:
        return "action_find_appointment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("has_appointment", bool(tracker.get_slot("has_appointment")))]


class ActionCancelAppointment(Action):
    def name(self) -> str:
        return "action_cancel_appointment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet(name, None) for name in ("office", "day", "time")] + [
            SlotSet("has_appointment", False)
        ]


class ActionTellRoute(Action):
    def name(self) -> str:
        return "action_tell_route"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        ways = [tracker.get_slot("origin") or "here", tracker.get_slot("destination") or "there"]
        dispatcher.utter_message(text=f"Take bus 3 from the {ways[0]} to the {ways[1]}.")
        return []


class ActionHumanHandoff(Action):
    def name(self) -> str:
        return "action_human_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(json_message={"queue": "clerks", "sender": tracker.sender_id})
        return []


class ActionNoteComplaint(Action):
    def name(self) -> str:
        return "action_note_complaint"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("complaints", (tracker.get_slot("complaints") or 0) + 1)]


class ActionAskAffirmation(Action):
    """Takes the place of Rasa's own question: it offers the best guess by a name that people know."""

    def name(self) -> str:
        return "action_default_ask_affirmation"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        ranking = tracker.latest_message.get("intent_ranking") or []
        named = [item["name"] for item in ranking if item.get("name") != "nlu_fallback"]
        guess = named[0] if named else "out_of_scope"
        buttons = [
            {"title": "Yes", "payload": f"/{guess}"},
            {"title": "No", "payload": "/out_of_scope"},
        ]
        meant = guess.replace("_", " ").removeprefix("ask ")
        dispatcher.utter_message(text=f"Is it about {meant}?", buttons=buttons)
        return [ConversationPaused()] if guess == "human_handoff" else []
