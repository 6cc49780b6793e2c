"""Reads `domain.yml` and the files of `domain/`, and merges them.

Knows Rasa 3's domain keys (rasa/shared/utils/schemas/domain.yml) except slots and responses, which have files
of their own here; knows nothing of training data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.domain import Session, Slot, Variation
from bot.dialogue.flow import Form
from bot.project.node import (
    check_keys,
    check_sections,
    entries,
    flag,
    is_map,
    items,
    named,
    names,
    number,
    plain,
)
from bot.project.report import Place, Report
from bot.project.responses import read_responses
from bot.project.slots import read_slots
from bot.project.yaml import Node

LISTS = ("intents", "entities", "actions")
MAPS = ("slots", "forms", "responses")
KEYS = ("version", *LISTS, *MAPS, "e2e_actions", "config", "session_config")
_MINUTE = 60.0


@dataclass(slots=True)
class DomainParts:
    """What the domain's files amount to, on its way into a frozen Domain."""

    intents: dict[str, Place] = field(default_factory=dict)
    entities: dict[str, Place] = field(default_factory=dict)
    actions: dict[str, Place] = field(default_factory=dict)
    e2e_actions: tuple[str, ...] = ()
    slots: dict[str, Slot] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    responses: dict[str, tuple[Variation, ...]] = field(default_factory=dict)
    session: Session = field(default_factory=Session)
    places: dict[str, Place] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def unused_entities(self) -> dict[str, frozenset[str]]:
        """By intent, the entities that stories do not look at (`use_entities`, `ignore_entities`), and those
        that influence no conversation unless an intent uses them by name.
        """
        silent = frozenset(
            name
            for item in self.raw.get("entities", ())
            for name, details in (item.items() if isinstance(item, dict) else ())
            if isinstance(details, dict) and details.get("influence_conversation") is False
        )
        known, found = frozenset(self.entities), {}
        for item in self.raw.get("intents", ()):
            for name, details in (item if isinstance(item, dict) else {item: None}).items():
                unused = _unused(details if isinstance(details, dict) else {}, known, silent)
                if unused:
                    found[name] = unused
        return found

    @property
    def entities_fill(self) -> bool:
        """Rasa's `config: {store_entities_as_slots: …}`."""
        config = self.raw.get("config")
        return not (isinstance(config, dict) and config.get("store_entities_as_slots") is False)


def _unused(details: Mapping[str, Any], known: frozenset[str], silent: frozenset[str]) -> frozenset[str]:
    used = details.get("use_entities", True)
    ignored = details.get("ignore_entities") or ()
    kept = known - silent if used is True else frozenset(str(name).split("#")[0] for name in used or ())
    return (known - kept) | (known & frozenset(map(str, ignored)))


def read_domain(files: Sequence[Node], extra_responses: Sequence[Node], report: Report) -> DomainParts:
    """The merged domain. `extra_responses` are `responses:` sections found in training data."""
    tops = [entries(node, "A domain file", report) for node in files]
    for top in tops:
        check_sections(top, KEYS, "domain", {section: section for section in (*LISTS, *MAPS)}, report)
        _note_lost(top, report)
    parts = DomainParts()
    for section in LISTS:
        getattr(parts, section).update(_named_section(section, tops, parts.raw, report))
    _check_flags(tops, parts, report)
    merged = {section: _merged_map(section, tops, report) for section in MAPS}
    for node in extra_responses:
        _merge_into(merged["responses"], entries(node, "responses", report), "response", report)
    for section in MAPS:
        parts.raw[section] = {name: plain(node) for name, node in merged[section].items()}
        parts.places.update({f"{section[:-1]}:{name}": node.place for name, node in merged[section].items()})
    parts.slots = read_slots(merged["slots"], report)
    parts.forms = _read_forms(merged["forms"], report)
    parts.responses, variation_places = read_responses(merged["responses"], report)
    parts.places.update(variation_places)
    given = [text for top in tops for text in names(top.get("e2e_actions"), "e2e_actions", report)]
    parts.e2e_actions = tuple(dict.fromkeys(text.strip() for text in given))
    if given:
        parts.raw["e2e_actions"] = list(parts.e2e_actions)
    parts.session = _read_session(tops, parts.raw, report)
    _settings_kept_raw(tops, parts.raw)
    return parts


def _note_lost(top: Mapping[str, Node], report: Report) -> None:
    """Sections of the wrong kind, whose names nothing can be held against."""
    for sections, expected in ((LISTS, tuple), (MAPS, Mapping)):
        for section in sections:
            node = top.get(section)
            if node is not None and node.value is not None and not isinstance(node.value, expected):
                report.lost.add(section)


def _named_section(
    section: str, tops: Sequence[Mapping[str, Node]], raw: dict[str, Any], report: Report
) -> dict[str, Place]:
    found: dict[str, Place] = {}
    raw[section] = []
    for top in tops:
        if section not in top:
            continue
        for name, details, place in named(top[section], section, report):
            if name in found:
                report.warn(
                    place, f"`{name}` is listed twice under {section}; first at {found[name]}.", "Remove one."
                )
                continue
            found[name] = place
            raw[section].append({name: plain(details)} if details.value is not None else name)
    return found


_DETAILS = {
    "intents": ("use_entities", "ignore_entities"),
    "entities": ("roles", "groups", "influence_conversation"),
    "actions": ("send_domain",),
}


def _check_flags(tops: Sequence[Mapping[str, Node]], parts: DomainParts, report: Report) -> None:
    """The details under names, and where each name stands."""
    for section in LISTS:
        parts.places.update(
            {f"{_SINGULAR[section]}:{name}": place for name, place in getattr(parts, section).items()}
        )
        for top in tops:
            for item in items(top.get(section), section, Report()):
                if not isinstance(item.value, Mapping):
                    continue
                for name, details in item.value.items():
                    if section == "entities" and not is_map(details):
                        message = f"What stands under the entity `{name}` is not read."
                        report.warn(details.place, message, "An entity has only roles and groups.")
                        continue
                    found = entries(details, f"{_SINGULAR[section]} `{name}`", report)
                    check_keys(found, _DETAILS[section], f"{_SINGULAR[section]} `{name}`", report)
                    _check_entity_lists(name, found, parts.entities, report)


_SINGULAR = {"intents": "intent", "entities": "entity", "actions": "action"}


def _check_entity_lists(
    name: str, found: Mapping[str, Node], known: Mapping[str, Place], report: Report
) -> None:
    for key in ("use_entities", "ignore_entities"):
        node = found.get(key)
        if node is None or isinstance(node.value, bool):
            continue
        for entity in names(node, f"{key} of intent `{name}`", report):
            if entity.split("#")[0] not in known and "entities" not in report.lost:
                message = f"Intent `{name}` names the entity `{entity}`, which the domain does not define."
                report.warn(node.place, message, "Add it to `entities:` or remove it here.")


def _merged_map(section: str, tops: Sequence[Mapping[str, Node]], report: Report) -> dict[str, Node]:
    merged: dict[str, Node] = {}
    for top in tops:
        _merge_into(merged, entries(top.get(section), section, report), section[:-1], report)
    return merged


def _merge_into(merged: dict[str, Node], found: Mapping[str, Node], what: str, report: Report) -> None:
    for name, node in found.items():
        first = merged.get(name)
        if first is None:
            merged[name] = node
        elif plain(first) == plain(node):
            report.warn(
                node.place,
                f"The {what} `{name}` is defined twice alike; first at {first.place}.",
                "Remove one.",
            )
        else:
            message = f"The {what} `{name}` is defined differently at {first.place}, which holds."
            report.warn(node.place, message, "Keep one of the two or rename this one.")


def _read_forms(found: Mapping[str, Node], report: Report) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for name, node in found.items():
        details = entries(node, f"form `{name}`", report)
        check_keys(details, ("required_slots", "ignored_intents"), f"form `{name}`", report)
        required = details.get("required_slots")
        if required is None:
            report.warn(
                node.place,
                f"Form `{name}` has no `required_slots`, so it asks nothing.",
                "List the slots it asks.",
            )
        ignored = names(details.get("ignored_intents"), f"ignored_intents of form `{name}`", report)
        slots = tuple(dict.fromkeys(names(required, f"required_slots of form `{name}`", report)))
        forms[name] = Form(name, slots, frozenset(ignored))
    return forms


def _read_session(tops: Sequence[Mapping[str, Node]], raw: dict[str, Any], report: Report) -> Session:
    found = [top["session_config"] for top in tops if "session_config" in top]
    if not found:
        return Session()
    for extra in found[1:]:
        if plain(extra) != plain(found[0]):
            message = f"session_config is given differently at {found[0].place}, which holds."
            report.warn(extra.place, message, "Keep it in one file.")
    raw["session_config"] = plain(found[0])
    config = entries(found[0], "session_config", report)
    check_keys(
        config, ("session_expiration_time", "carry_over_slots_to_new_session"), "session_config", report
    )
    minutes = number(config.get("session_expiration_time"), "session_expiration_time", report)
    if minutes is not None and minutes < 0:
        place = config["session_expiration_time"].place
        report.error(place, "session_expiration_time is below 0.", "Give minutes; 0 means never.")
        minutes = None
    carry = flag(
        config.get("carry_over_slots_to_new_session"), "carry_over_slots_to_new_session", report, default=True
    )
    return Session(Session().expiry if minutes is None else minutes * _MINUTE, carry)


def _settings_kept_raw(tops: Sequence[Mapping[str, Node]], raw: dict[str, Any]) -> None:
    """Keys only action servers may look at."""
    for top in tops:
        for key in ("version", "config"):
            if key in top:
                raw.setdefault(key, plain(top[key]))
                if key == "version":
                    raw[key] = str(raw[key])
