"""What a message fills: by the mappings of the slots, then by the project's own actions, which may add and
judge.

Follows Rasa 3.6's action_extract_slots (rasa.core.actions.action): the `action` of a custom mapping is asked
once a message, and action_validate_slot_mappings judges all that was found.
"""

from __future__ import annotations

from typing import Any

from bot.dialogue.acting import consult
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import MappingType
from bot.dialogue.events import SlotSet
from bot.dialogue.names import VALIDATE_SLOTS
from bot.dialogue.scene import Scene
from bot.dialogue.slots import applies, extract


async def found_in(scene: Scene, state: Conversation, text: str) -> dict[str, Any]:
    """Slot → value; None where the project's validation refuses what was found."""
    intent, entities = scene.intent, scene.reading.entities
    words = "" if scene.conversation.unasked else text  # its text is a mark, and fills no slot
    found = extract(scene.domain, state, text=words, intent=intent, entities=entities)
    for action in _asked(scene, state):
        found |= await _told_by(scene, action, {})
    if VALIDATE_SLOTS in scene.domain.actions:
        found |= await _told_by(scene, VALIDATE_SLOTS, found)
    return found


def _asked(scene: Scene, state: Conversation) -> list[str]:
    """The actions of the custom mappings that apply here, each once."""
    actions = (
        mapping.action
        for slot in scene.domain.slots.values()
        for mapping in slot.mappings
        if mapping.type is MappingType.CUSTOM
        and mapping.action
        and applies(scene.domain, state, slot, mapping, scene.intent)
    )
    return list(dict.fromkeys(action for action in actions if action))


async def _told_by(scene: Scene, action: str, found: dict[str, Any]) -> dict[str, Any]:
    # rasa-sdk takes the values to judge from the slot events that end the log it is sent.
    proposed = tuple(SlotSet(at=scene.at, name=name, value=value) for name, value in found.items())
    events = await consult(scene, action, proposed)
    return {event.name: event.value for event in events if isinstance(event, SlotSet)}
