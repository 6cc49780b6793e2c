"""Brings a domain of Rasa 2 or 1 into Rasa 3's words: slots with mappings, forms, responses.

Knows what `rasa data migrate` does (rasa/core/migrate.py of 3.6) and the old words before; reads and writes
no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.dialogue.domain import MappingType
from bot.project.changes import Drop, Put, Rename
from bot.project.node import plain
from bot.project.old_format import OLD_TYPE, Edit, Files, Remark, below, listed, own_mappings
from bot.project.yaml import Node

_WHENEVER = (MappingType.FROM_ENTITY, MappingType.FROM_TRIGGER_INTENT)
"""Mappings that fill a slot whenever the form runs; the others only when it asks for the slot."""


def rename_templates(files: Files) -> Iterator[Edit | Remark]:
    """`templates:` of Rasa 1."""
    for file, top in files.domain.items():
        if "templates" in below(top) and "responses" not in below(top):
            yield Edit(file, Rename(("templates",), "responses"))


def name_forms(files: Files) -> Iterator[Edit | Remark]:
    """`forms: [name]`: what such a form asks stands in Python, in `required_slots` of its class."""
    for file, top in files.domain.items():
        names = listed(top, "forms")
        if not names:
            continue
        yield Edit(file, Put(("forms",), {item.raw: {"required_slots": []} for item in names if item.raw}))
        for item in names:
            yield Remark(
                item.place,
                f"What the form `{item.raw}` asks stands in its Python class.",
                "List its slots under `required_slots`, and how each is filled under `mappings` of the slot.",
            )


def move_mappings(files: Files) -> Iterator[Edit | Remark]:
    """Mappings that forms keep themselves go under their slots, each for its form alone."""
    slots = {name: (file, node) for file, top in files.domain.items() for name, node in _slots(top)}
    gathered: dict[str, list[Node | dict[str, Any]]] = {}
    for file, top in files.domain.items():
        for form, node in below(top, "forms").items():
            asked = own_mappings(node)
            if asked is None:
                continue
            yield Edit(file, _plain_form(form, node, asked))
            for slot, mappings in asked.items():
                if slot in slots:
                    known = gathered.setdefault(slot, [*listed(slots[slot][1], "mappings")])
                    for mapping in listed(mappings):
                        _gather(known, mapping, form, slot)
                elif listed(mappings):
                    message = f"The form `{form}` fills the slot `{slot}`, which the domain does not define."
                    yield Remark(mappings.place, message, "Define the slot, with these mappings.")
    for slot, known in gathered.items():
        if known:
            yield Edit(slots[slot][0], Put(("slots", slot, "mappings"), known))


def _slots(top: Node) -> Iterator[tuple[str, Node]]:
    return ((name, node) for name, node in below(top, "slots").items() if below(node))


def _plain_form(form: str, node: Node, asked: Mapping[str, Node]) -> Put:
    if "required_slots" in below(node):
        return Put(("forms", form, "required_slots"), list(asked))
    ignored = below(node).get("ignored_intents")
    return Put(
        ("forms", form),
        {**({} if ignored is None else {"ignored_intents": ignored}), "required_slots": list(asked)},
    )


def _gather(known: list[Node | dict[str, Any]], mapping: Node, form: str, slot: str) -> None:
    """Adds the mapping on condition of its form; one that is there already gets the condition."""
    asked = below(mapping).get("type")
    whenever = asked is not None and asked.raw in _WHENEVER
    condition = {"active_loop": form, **({} if whenever else {"requested_slot": slot})}
    own = {key: value for key, value in below(mapping).items() if key != "conditions"}
    for place, other in enumerate(known):
        entries: Mapping[str, Any] = below(other) if isinstance(other, Node) else other
        if _plainly(entries) == _plainly(own):
            before = entries.get("conditions", ())
            given = listed(before) if isinstance(before, Node) else tuple(before)
            known[place] = {**entries, "conditions": [*given, condition]}
            return
    known.append({**own, "conditions": [condition]})


def _plainly(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: plain(value) if isinstance(value, Node) else value
        for key, value in entries.items()
        if key != "conditions"
    }


def name_types(files: Files) -> Iterator[Edit | Remark]:
    """`type: unfeaturized` is a slot of any type that no story looks at."""
    for file, top in files.domain.items():
        for name, slot in _slots(top):
            kind = below(slot).get("type")
            if kind is not None and kind.raw == OLD_TYPE:
                yield Edit(file, Put(("slots", name, "type"), "any"))
                yield Edit(file, Put(("slots", name, "influence_conversation"), False))


def fill_by_name(files: Files) -> Iterator[Edit | Remark]:
    """A slot that has the name of an entity was filled by it, unless `auto_fill: false` said otherwise."""
    entities = {
        name
        for top in files.domain.values()
        for item in listed(top, "entities")
        for name in (below(item) or (item.raw,))
    }
    kept = [below(top, "config").get("store_entities_as_slots") for top in files.domain.values()]
    wanted = not any(node is not None and node.value is False for node in kept)
    for file, top in files.domain.items():
        for name, slot in _slots(top):
            said = below(slot).get("auto_fill")
            mapping = {"type": str(MappingType.FROM_ENTITY), "entity": name}
            there = listed(slot, "mappings")
            automatic = wanted and name in entities and (said is None or said.value is True)
            if automatic and mapping not in [plain(item) for item in there]:
                added = ("slots", name, "mappings", len(there)) if there else ("slots", name, "mappings")
                yield Edit(file, Put(added, mapping if there else [mapping]))
            if said is not None:
                yield Edit(file, Drop(("slots", name, "auto_fill")))


def fill_by_action(files: Files) -> Iterator[Edit | Remark]:
    """A slot that nothing else filled was filled by an action or a story."""
    for file, top in files.domain.items():
        for name, slot in _slots(top):
            if "mappings" not in below(slot):
                yield Edit(file, Put(("slots", name, "mappings"), [{"type": str(MappingType.CUSTOM)}]))


def write_texts(files: Files) -> Iterator[Edit | Remark]:
    """A variation of a response that is a bare text."""
    for file, top in (*files.domain.items(), *files.data.items()):
        for name, response in below(top, "responses").items():
            for place, variation in enumerate(listed(response)):
                if isinstance(variation.value, str):
                    yield Edit(file, Put(("responses", name, place), {"text": variation.value}))
