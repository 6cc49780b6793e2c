"""Gives the slots that flows collect what they need to be told.

Knows flows and slots as values; reads no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.dialogue.domain import MappingCondition, MappingType, Slot, SlotMapping, SlotType
from bot.dialogue.flow import Flow
from bot.dialogue.names import AFFIRM_INTENTS, DENY_INTENTS


def told_slots(
    flows: Mapping[str, Flow], slots: Mapping[str, Slot], intents: frozenset[str], entities: frozenset[str]
) -> dict[str, Slot]:
    """The slots with what flows need of them: those that ask for a yes, and ways to be told for those that
    have none: the entity of their name, a yes or no by intent, the words when they are asked for. What lets
    an action run is the engine's own, whatever the project says of a slot of that name.
    """
    confirmations = frozenset(name for flow in flows.values() for name in flow.confirmations)
    asked = {name: Slot(name, SlotType.BOOL, influences=False) for name in sorted(confirmations)}
    mapped = {name for name, slot in slots.items() if slot.mappings} - confirmations
    found = {**slots, **asked}
    for flow in flows.values():
        for collect in flow.collects:
            slot = found.get(collect.slot)
            if slot is not None and slot.name not in mapped:
                more = _ways_to_tell(flow.name, slot, intents, entities)
                new = tuple(mapping for mapping in more if mapping not in slot.mappings)
                found[slot.name] = replace(slot, mappings=(*slot.mappings, *new))
    return found


def _ways_to_tell(
    flow: str, slot: Slot, intents: frozenset[str], entities: frozenset[str]
) -> Iterator[SlotMapping]:
    asked = (MappingCondition(flow, slot.name),)
    if slot.name in entities:
        yield SlotMapping(MappingType.FROM_ENTITY, entity=slot.name)
    if slot.type is SlotType.BOOL:
        for known, value in ((AFFIRM_INTENTS & intents, True), (DENY_INTENTS & intents, False)):
            if known:
                yield SlotMapping(MappingType.FROM_INTENT, intents=known, value=value, conditions=asked)
    yield SlotMapping(MappingType.FROM_TEXT, conditions=asked)
