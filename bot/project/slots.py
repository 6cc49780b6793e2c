"""Reads the slots of a domain with their types and mappings.

Knows Rasa 3's slot keys (rasa/shared/core/slots.py, slot_mappings.py); does not fill slots.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.domain import MappingCondition, MappingType, Slot, SlotMapping, SlotType
from bot.project.node import check_keys, entries, flag, is_list, items, names, number, plain, text
from bot.project.report import Report, suggest
from bot.project.yaml import Node

_SLOT_KEYS = (
    "type",
    "values",
    "min_value",
    "max_value",
    "initial_value",
    "influence_conversation",
    "mappings",
    "auto_fill",
)
_MAPPING_KEYS = (
    "type",
    "entity",
    "role",
    "group",
    "intent",
    "not_intent",
    "value",
    "conditions",
    "action",
    "name",
)
_OLD_TYPES = {
    "unfeaturized": "any",
    "boolean": "bool",
    "categorial": "categorical",
    "number": "float",
    "str": "text",
}
_CLASS = re.compile(r"rasa(\.shared)?\.core\.slots\.(?P<kind>\w+)Slot")  # as Rasa writes types out
_CLASS_KINDS = {"boolean": "bool", "unfeaturized": "any"}


def read_slots(found: Mapping[str, Node], report: Report) -> dict[str, Slot]:
    """The slots by name."""
    return {name: _slot(name, node, report) for name, node in found.items()}


def _slot(name: str, node: Node, report: Report) -> Slot:
    what = f"slot `{name}`"
    details = entries(node, what, report)
    kind = _type(what, node, details.get("type"), report)
    if kind is not None:
        check_keys(details, _SLOT_KEYS, what, report)
    lowest = number(details.get("min_value"), f"min_value of {what}", report)
    highest = number(details.get("max_value"), f"max_value of {what}", report)
    minimum, maximum = (0.0 if lowest is None else lowest), (1.0 if highest is None else highest)
    if minimum >= maximum:
        report.error(node.place, f"{what}: min_value is not below max_value.", "Swap or widen them.")
    values = names(details.get("values"), f"values of {what}", report)
    if kind is SlotType.CATEGORICAL and not values:
        message = f"{what} is categorical and has no `values`: it holds whatever it is given."
        report.warn(node.place, message, "List them, or make it `type: text`.")
    mappings = _mappings(what, node, details, report)
    return Slot(
        name=name,
        type=kind or SlotType.ANY,
        initial=_initial(kind, details.get("initial_value")),
        values=values,
        minimum=minimum,
        maximum=maximum,
        influences=flag(
            details.get("influence_conversation"), f"influence_conversation of {what}", report, default=True
        ),
        mappings=mappings,
    )


def _initial(kind: SlotType | None, node: Node | None) -> Any:
    value = plain(node)
    if node is not None and value is not None and kind in (SlotType.TEXT, SlotType.CATEGORICAL):
        return node.raw or value
    return value


def _type(what: str, node: Node, found: Node | None, report: Report) -> SlotType | None:
    """The type; None for a custom class, whose keys are its own."""
    named = text(found, f"type of {what}", report)
    if named is None:
        report.error(node.place, f"{what} has no `type`.", f"Add one of {', '.join(SlotType)}.")
        return SlotType.ANY
    written = _CLASS.fullmatch(named)
    short = (written["kind"] if written else named.removesuffix("Slot")).lower()
    short = _CLASS_KINDS.get(short, short) if written else short
    if short in set(SlotType):
        return SlotType(short)
    place = found.place if found else node.place
    if "." in named:
        report.warn(
            place,
            f"{what} has a class of its own, which is not run; it holds any value.",
            "Write `type: any`.",
        )
        return None
    otherwise = f"Use one of {', '.join(SlotType)}."
    mend = f"Write `{_OLD_TYPES[named]}`." if named in _OLD_TYPES else suggest(named, SlotType, otherwise)
    report.error(place, f"{what}: the type `{named}` does not exist.", mend)
    return SlotType.ANY


def _mappings(what: str, node: Node, details: Mapping[str, Node], report: Report) -> tuple[SlotMapping, ...]:
    if "auto_fill" in details:
        report.warn(
            details["auto_fill"].place, f"{what}: `auto_fill` left Rasa in 3.0.", "Add a from_entity mapping."
        )
    listed = items(details.get("mappings"), f"mappings of {what}", report)
    read = [_mapping(what, item, report) for item in listed]
    if None in read or not isinstance(node.value, Mapping) or not is_list(details.get("mappings")):
        report.lost.add("mappings")
    return tuple(mapping for mapping in read if mapping is not None)


def _mapping(what: str, node: Node, report: Report) -> SlotMapping | None:
    found = entries(node, f"a mapping of {what}", report)
    named = text(found.get("type"), f"the type of a mapping of {what}", report)
    if named is None or named not in set(MappingType):
        known = ", ".join(MappingType)
        mend = (
            f"Use one of {known}." if named is None else suggest(named, MappingType, f"Use one of {known}.")
        )
        said = "has no `type`" if named is None else f"has the unknown type `{named}`"
        report.error(node.place, f"A mapping of {what} {said}.", mend)
        return None
    check_keys(found, _MAPPING_KEYS, f"mapping of {what}", report)
    kind = MappingType(named)
    entity = text(found.get("entity"), f"entity of a mapping of {what}", report)
    if kind is MappingType.FROM_ENTITY and entity is None:
        report.error(node.place, f"A from_entity mapping of {what} names no `entity`.", "Add `entity: NAME`.")
        return None
    if kind in (MappingType.FROM_INTENT, MappingType.FROM_TRIGGER_INTENT) and "value" not in found:
        report.error(node.place, f"A {kind} mapping of {what} has no `value`.", "Add the value it sets.")
        return None
    return SlotMapping(
        type=kind,
        entity=entity,
        role=text(found.get("role"), f"role of a mapping of {what}", report),
        group=text(found.get("group"), f"group of a mapping of {what}", report),
        action=text(found.get("action"), f"action of a mapping of {what}", report),
        intents=frozenset(names(found.get("intent"), f"intent of a mapping of {what}", report)),
        not_intents=frozenset(names(found.get("not_intent"), f"not_intent of a mapping of {what}", report)),
        value=plain(found.get("value")),
        conditions=_conditions(what, found.get("conditions"), report),
    )


def _conditions(what: str, node: Node | None, report: Report) -> tuple[MappingCondition, ...]:
    conditions = []
    for item in items(node, f"conditions of a mapping of {what}", report):
        found = entries(item, f"a condition of {what}", report)
        check_keys(found, ("active_loop", "requested_slot"), f"condition of {what}", report)
        if "active_loop" not in found:
            message = f"A condition of {what} names no `active_loop`: it holds while no form runs."
            report.warn(item.place, message, "Add `active_loop: FORM`.")
            conditions.append(MappingCondition(None))
            continue
        conditions.append(
            MappingCondition(
                text(found["active_loop"], f"active_loop of {what}", report),
                text(found.get("requested_slot"), f"requested_slot of {what}", report),
            )
        )
    return tuple(conditions)
