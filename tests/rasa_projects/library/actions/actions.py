"""What the library's bot does itself: sessions, slots that need a thought, validation, and its catalogue."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    EventType,
    FollowupAction,
    SessionStarted,
    SlotSet,
)
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction, ValidationAction
from rasa_sdk.interfaces import ActionExecutionRejection
from rasa_sdk.types import DomainDict

BRANCHES = ("central", "harbour", "hillside")
SHELVES = {
    "crime": ["Night Trains", "The Salt Road"],
    "fantasy": ["A Winter of Foxes"],
    "history": ["Letters to Ines"],
    "romance": ["Paper Lanterns"],
}
BLOCKED = "LK-00000"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEPT = ("language", "card", "reader", "wishes")


class ActionSessionStart(Action):
    """A new session keeps who the reader is, and nothing else."""

    def name(self) -> str:
        return "action_session_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        kept = [SlotSet(name, tracker.get_slot(name)) for name in _KEPT if tracker.get_slot(name) is not None]
        return [SessionStarted(), *kept, ActionExecuted("action_listen")]


class ValidateSlotMappings(ValidationAction):
    """Slots that no entity fills: the language a message is written in; and a rating within its bounds."""

    def extract_language(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        text = tracker.latest_message.get("text") or ""
        if text.startswith("/") or not re.search(r"\w{2}", text):
            return {}
        return {"language": "zh" if _CHINESE.search(text) else "en"}

    def validate_rating(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        try:
            return {"rating": min(max(float(value), 0.0), 5.0)}
        except (TypeError, ValueError):
            return {"rating": None}


class ActionKeepWish(Action):
    """Fills `wishes`, whose mapping names this action: every book that is to be remembered, once."""

    def name(self) -> str:
        return "action_keep_wish"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_intent_of_latest_message() != "add_wish":
            return []
        known = tracker.get_slot("wishes") or []
        found = [title for title in tracker.get_latest_entity_values("title") if title not in known]
        return [SlotSet("wishes", [*known, *found])] if found else []


class ActionSetLanguage(Action):
    def name(self) -> str:
        return "action_set_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        chinese = tracker.get_intent_of_latest_message() == "speak_chinese"
        return [SlotSet("language", "zh" if chinese else "en")]


class ActionCheckFine(Action):
    def name(self) -> str:
        return "action_check_fine"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        card = tracker.get_slot("card")
        if card is None:
            return [FollowupAction("utter_ask_card")]
        dispatcher.utter_message(response="utter_fine", amount=sum(map(int, re.findall(r"\d", card))) / 10)
        return []


class ActionRenew(Action):
    """Renews for every card but a blocked one, for which it refuses to run."""

    def name(self) -> str:
        return "action_renew"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot("card") == BLOCKED:
            raise ActionExecutionRejection(self.name())
        return [SlotSet("last_search", None)]


class ActionReserve(Action):
    def name(self) -> str:
        return "action_reserve"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_reserved")
        return [SlotSet("last_search", {"title": tracker.get_slot("title"), "hits": 1})]


class ActionEndReservation(Action):
    """The next reservation begins with empty slots."""

    def name(self) -> str:
        return "action_end_reservation"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        required = domain["forms"]["reserve_form"]["required_slots"]
        return [SlotSet(name, None) for name in required]


class ActionSuggest(Action):
    """Suggests a book, and another one when asked again."""

    def name(self) -> str:
        return "action_suggest"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        shelf = SHELVES.get(tracker.get_slot("genre") or "", ["The Glass Harbour"])
        seen = (tracker.get_slot("last_search") or {}).get("suggested", 0)
        dispatcher.utter_message(text=f"How about {shelf[seen % len(shelf)]}?")
        return [SlotSet("last_search", {"suggested": seen + 1})]


class ActionStoreRating(Action):
    def name(self) -> str:
        return "action_store_rating"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return []


class ValidateReserveForm(FormValidationAction):
    def name(self) -> str:
        return "validate_reserve_form"

    def validate_branch(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if str(value).lower() in BRANCHES:
            return {"branch": str(value).lower()}
        dispatcher.utter_message(response="utter_unknown_branch")
        return {"branch": None}


class ValidateRegisterForm(FormValidationAction):
    def name(self) -> str:
        return "validate_register_form"

    def validate_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", str(value).strip()):
            return {"email": str(value).strip()}
        dispatcher.utter_message(response="utter_no_email")
        return {"email": None}


class ActionRegisterReader(Action):
    """Everything is forgotten but the reader's own."""

    def name(self) -> str:
        return "action_register_reader"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        kept = ("language", "full_name", "email", "newsletter", "wishes")
        return [
            ActiveLoop(None),
            AllSlotsReset(),
            *(SlotSet(name, tracker.get_slot(name)) for name in kept),
            SlotSet("reader", True),
        ]
