"""Three actions: one that takes long, one that breaks, one that validates the booking form."""

import asyncio
import os
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

Events = list[dict[str, Any]]


class Wait(Action):
    def name(self) -> str:
        return "action_wait"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        await asyncio.sleep(float(os.environ.get("SMALL_PROJECT_WAIT", "0")))
        dispatcher.utter_message(text="The slow job is done.")
        return []


class Break(Action):
    def name(self) -> str:
        return "action_break"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        raise RuntimeError("this action always breaks")


class ValidateTableForm(FormValidationAction):
    def name(self) -> str:
        return "validate_table_form"

    def validate_guests(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            return {"guests": float(value)}
        except (TypeError, ValueError):
            dispatcher.utter_message(text="Please give me a number.")
            return {"guests": None}
