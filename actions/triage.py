"""The action that says how soon symptoms should be seen: red flags first, then the model, never a diagnosis.

Knows the slots of symptom_form and the words; rules and model are only asked.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.models import Models, ModelShelf
from actions.wording import TRIAGE, language_of
from nlu.red_flags import find_red_flags
from nlu.urgency import Urgency, UrgencyModel
from retrieval.encoder import Encoder

EMERGENCY = "emergency"
HAND_OVER = "action_hand_over"


class ActionTriage(Action):
    """Slots of symptom_form to triage_level; an emergency, and what is not understood, also to a person."""

    def __init__(self, shelf: ModelShelf | None = None) -> None:
        self._shelf = shelf or ModelShelf.from_environment()

    def name(self) -> str:
        return "action_triage"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        texts = TRIAGE[language_of(tracker.slots)]
        text = str(tracker.slots.get("symptoms") or "")
        found = None
        if find_red_flags(text):
            found = Urgency(EMERGENCY, (), familiar=True)
        elif text.strip():
            found = await _judge(await self._shelf.current(), text, tracker.slots)
        if found is None:
            dispatcher.utter_message(text="\n".join((texts["unavailable"], texts["number"])))
            return [SlotSet("triage_level", None), FollowupAction(HAND_OVER)]
        unsure = [] if found.familiar else [texts["unsure"]]
        lines = [*unsure, texts[found.level], texts["number"], texts["disclaimer"]]
        dispatcher.utter_message(text="\n".join(lines))
        person = found.level == EMERGENCY or not found.familiar
        return [SlotSet("triage_level", found.level), *([FollowupAction(HAND_OVER)] if person else [])]


async def _judge(models: Models, text: str, slots: Mapping[str, Any]) -> Urgency | None:
    """The model's view, or None when there is no model or one of its numbers is missing."""
    if models.triage is None or models.encoder is None:
        return None
    numbers: dict[str, float] = {}
    for name in models.triage.inputs.edges:
        value = slots.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        numbers[name] = float(value)
    return await asyncio.to_thread(_assess, models.triage, models.encoder, text, numbers)


def _assess(model: UrgencyModel, encoder: Encoder, text: str, numbers: Mapping[str, float]) -> Urgency:
    return model.assess(text, encoder.encode([text])[0], numbers)
