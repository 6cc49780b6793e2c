"""What the workshop's bot does itself: forms that ask what is needed, quotes, reminders, silence."""

from __future__ import annotations

import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import (
    ActionReverted,
    AgentUttered,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    EventType,
    FollowupAction,
    ReminderCancelled,
    ReminderScheduled,
    Restarted,
    SlotSet,
    UserUtteranceReverted,
)
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction, ValidationAction
from rasa_sdk.types import DomainDict

PRICES = {"chain": 35, "tyre": 28, "saddle": 60, "bell": 9, "brake pads": 18}
WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
HERE = ("city", "e-bike")
PICKUP = "pickup"


def number(value: Any) -> float | None:
    try:
        return float(WORDS.get(str(value).lower(), value))
    except (TypeError, ValueError):
        return None


class ValidateSlotMappings(ValidationAction):
    """A day is written with a capital, wherever it was said."""

    def validate_day(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"day": str(value).capitalize()}


class ValidateBookingForm(FormValidationAction):
    """An e-bike's battery has an age, and only a repair has a fault."""

    def name(self) -> str:
        return "validate_booking_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        electric = tracker.get_slot("bike_type") == "e-bike"
        repair = tracker.get_slot("visit_kind") == "repair"
        needless = {"battery_age": not electric, "fault": not repair}
        slots = [slot for slot in domain_slots if not needless.get(slot)]
        return slots

    def validate_battery_age(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        years = number(value)
        if years is None or not 0 <= years <= 15:
            dispatcher.utter_message(response="utter_battery_old")
            return {"battery_age": None}
        return {"battery_age": years}


class ActionAskDay(Action):
    def name(self) -> str:
        return "action_ask_booking_form_day"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        days = ["Tuesday", "Thursday"] if tracker.get_slot("visit_kind") == "repair" else ["Saturday"]
        buttons = [{"title": day, "payload": f'/inform{{"day": "{day}"}}'} for day in days]
        dispatcher.utter_message(text="Which day suits you?", buttons=buttons)
        return []


class ActionAskFault(Action):
    def name(self) -> str:
        return "action_ask_fault"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(text=f"What is wrong with your {tracker.get_slot('bike_type')} bike?")
        return []


class ActionBook(Action):
    def name(self) -> str:
        return "action_book"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        visits = tracker.get_slot("visits") or []
        return [SlotSet("visits", [*visits, tracker.get_slot("day")]), SlotSet("fault", None)]


class ValidatePriceForm(FormValidationAction):
    def name(self) -> str:
        return "validate_price_form"

    def validate_part(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"part": str(value).lower()}


class ActionQuote(Action):
    def name(self) -> str:
        return "action_quote"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        part = tracker.get_slot("part")
        if part in PRICES:
            dispatcher.utter_message(response="utter_quote", amount=PRICES[part])
        else:
            dispatcher.utter_message(response="utter_no_quote")
        return [SlotSet("quote", {"part": part, "amount": PRICES.get(part)}), SlotSet("part", None)]


class ValidateFeedbackForm(FormValidationAction):
    def name(self) -> str:
        return "validate_feedback_form"

    def validate_stars(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        stars = number(value)
        if stars is None or not 1 <= stars <= 5:
            dispatcher.utter_message(response="utter_bad_stars")
            return {"stars": None}
        return {"stars": stars}


class ActionStoreFeedback(Action):
    def name(self) -> str:
        return "action_store_feedback"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("stars", None), SlotSet("comment", None)]


class ActionProgress(Action):
    def name(self) -> str:
        return "action_progress"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(
            text=f"{tracker.get_slot('ticket')} is on the stand.", json_message={"done": 40}
        )
        return []


class ActionCheckStock(Action):
    def name(self) -> str:
        return "action_check_stock"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        wanted = next(tracker.get_latest_entity_values("bike_type"), None)
        return [SlotSet("in_stock", wanted in HERE)]


class ActionCallOwner(Action):
    """What was said by telephone is put on the record."""

    def name(self) -> str:
        return "action_call_owner"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [AgentUttered("Put it first in the queue."), BotUttered("The owner will call you today.")]


class ActionSetReminder(Action):
    def name(self) -> str:
        return "action_set_reminder"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        due = datetime.datetime.now(datetime.UTC).astimezone() + datetime.timedelta(hours=20)
        return [
            ReminderScheduled(
                "EXTERNAL_pickup",
                trigger_date_time=due,
                entities={"ticket": tracker.get_slot("ticket")} if tracker.get_slot("ticket") else None,
                name=PICKUP,
                kill_on_user_message=False,
            )
        ]


class ActionForgetReminder(Action):
    def name(self) -> str:
        return "action_forget_reminder"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [ReminderCancelled(name=PICKUP)]


class ActionTellPickup(Action):
    def name(self) -> str:
        return "action_tell_pickup"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_pickup")
        return []


class ActionPause(Action):
    def name(self) -> str:
        return "action_pause"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [ConversationPaused()]


class ActionResume(Action):
    def name(self) -> str:
        return "action_resume"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [ConversationResumed()]


class ActionTakeBack(Action):
    """Undoes itself, the message that asked for it, and the message before."""

    def name(self) -> str:
        return "action_take_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [
            ActionReverted(),
            UserUtteranceReverted(),
            UserUtteranceReverted(),
            FollowupAction("action_listen"),
        ]


class ActionReportTheft(Action):
    def name(self) -> str:
        return "action_report_theft"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [SlotSet("bike_type", None)]


class ActionStartAgain(Action):
    def name(self) -> str:
        return "action_start_again"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(text="From the beginning, then.")
        return [Restarted(), FollowupAction("action_listen")]
