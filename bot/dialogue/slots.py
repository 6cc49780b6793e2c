"""Which slots a message fills, by the mappings of the domain.

Follows Rasa 3.6's action_extract_slots (rasa.core.actions.action, rasa.shared.core.slot_mappings); pure.
Validation of the values is the project's own action `validate_<form>`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, MappingType, Slot, SlotMapping, SlotType
from bot.dialogue.flow import Form
from bot.dialogue.reading import Entity


def extract(
    domain: Domain, conversation: Conversation, *, text: str, intent: str | None, entities: tuple[Entity, ...]
) -> dict[str, Any]:
    """Slot → value that this message gives; the first mapping that finds one wins."""
    found: dict[str, Any] = {}
    for slot in domain.slots.values():
        for mapping in slot.mappings:
            if not applies(domain, conversation, slot, mapping, intent):
                continue
            value = _value(slot, mapping, text=text, entities=entities)
            if value is not None:
                found[slot.name] = value
                break
    return found


def trigger_values(domain: Domain, form: Form, intent: str | None) -> dict[str, Any]:
    """What the intent that starts a form already says (mapping `from_trigger_intent`)."""
    return {
        name: mapping.value
        for name in form.required_slots
        if name in domain.slots
        for mapping in domain.slots[name].mappings
        if mapping.type is MappingType.FROM_TRIGGER_INTENT and _intent_fits(mapping, intent)
    }


def applies(
    domain: Domain, conversation: Conversation, slot: Slot, mapping: SlotMapping, intent: str | None
) -> bool:
    """Whether the mapping may fill its slot with this message."""
    if mapping.type is MappingType.FROM_TRIGGER_INTENT or not _intent_fits(mapping, intent):
        return False
    form = domain.form(conversation.loop)
    if form and slot.name in form.required_slots and intent in form.ignored_intents:
        return False
    if mapping.conditions and not _condition_holds(conversation, mapping):
        return False
    if mapping.type is MappingType.FROM_ENTITY and form and slot.name != conversation.requested_slot:
        return not _shared(domain, form, slot, mapping)
    return True


def _intent_fits(mapping: SlotMapping, intent: str | None) -> bool:
    if mapping.intents and intent not in mapping.intents:
        return False
    return intent not in mapping.not_intents


def _condition_holds(conversation: Conversation, mapping: SlotMapping) -> bool:
    return any(
        condition.active_loop == conversation.loop
        and condition.requested_slot in (None, conversation.requested_slot)
        for condition in mapping.conditions
    )


def _shared(domain: Domain, form: Form, slot: Slot, mapping: SlotMapping) -> bool:
    """Whether another slot of the form takes the same entity: then only the one asked for gets it."""
    others = (
        domain.slots[name] for name in form.required_slots if name != slot.name and name in domain.slots
    )
    return any(
        other.type is MappingType.FROM_ENTITY
        and (other.entity, other.role, other.group) == (mapping.entity, mapping.role, mapping.group)
        for candidate in others
        for other in candidate.mappings
    )


def _value(slot: Slot, mapping: SlotMapping, *, text: str, entities: tuple[Entity, ...]) -> Any:
    match mapping.type:
        case MappingType.FROM_TEXT:
            return text or None
        case MappingType.FROM_INTENT:
            return mapping.value
        case MappingType.FROM_ENTITY:
            values = list(_entity_values(mapping, entities))
            if not values:
                return None
            return values if slot.type is SlotType.LIST else values[-1]
        case _:
            return None


def _entity_values(mapping: SlotMapping, entities: tuple[Entity, ...]) -> Iterator[Any]:
    return (entity.value for entity in entities if mapping.takes(entity))
