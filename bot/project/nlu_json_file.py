"""Reads training data as JSON (`rasa_nlu_data`), which Rasa 3 still takes, and converts it to its YAML.

Knows the keys (rasa/shared/nlu/training_data/formats/rasa.py, schemas/data_schema.py); JSON itself is read as
the YAML that it is. Trains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.dialogue.reading import Entity
from bot.errors import Level
from bot.project.annotations import AnnotationError, annotate
from bot.project.markdown import Converted, Lookup
from bot.project.model import NluData
from bot.project.nlu_gathered import Gathered
from bot.project.node import Entries, check_keys, entries, items, names, number, text
from bot.project.old_format import Remark
from bot.project.report import Place, Report
from bot.project.yaml import LARGEST_FILE, Node, parse_yaml

SECTION = "rasa_nlu_data"
_KEYS = ("common_examples", "regex_features", "lookup_tables", "entity_synonyms")
_LOST = "Give `start` and `end`, counted in characters from the beginning of `text`."


def is_nlu_json(path: Path) -> bool:
    """Whether a file names the section; one that cannot be read does not."""
    try:
        fits = path.suffix == ".json" and path.is_file() and path.stat().st_size <= LARGEST_FILE
        return fits and f'"{SECTION}"'.encode() in path.read_bytes()
    except OSError:
        return False


def read_nlu_json(section: Node, lookup: Lookup, into: Gathered) -> None:
    """What a file's `rasa_nlu_data` holds."""
    found, report = entries(section, SECTION, into.report), into.report
    check_keys(found, _KEYS, SECTION, report)
    for item in items(found.get("common_examples"), "common_examples", report):
        _read_example(item, into)
    for item in items(found.get("entity_synonyms"), "entity_synonyms", report):
        synonym = entries(item, "a synonym", report)
        value = _named(synonym, "value", "synonym", item.place, report)
        for surface in names(synonym.get("synonyms"), "synonyms", report):
            into.add_synonym(surface, value or surface, item.place)
    for item in items(found.get("regex_features"), "regex_features", report):
        regex = entries(item, "a regex", report)
        name = _named(regex, "name", "regex", item.place, report)
        pattern = _named(regex, "pattern", "regex", item.place, report)
        if name and pattern:
            into.add_regex(name, pattern, item.place)
    for item in items(found.get("lookup_tables"), "lookup_tables", report):
        table = entries(item, "a lookup table", report)
        if name := _named(table, "name", "lookup table", item.place, report):
            into.lookups.setdefault(name, []).extend(_elements(name, table, item.place, lookup, report))


def _read_example(item: Node, into: Gathered) -> None:
    report = into.report
    found = entries(item, "an example", report)
    said = text(found.get("text"), "text of an example", report)
    intent = text(found.get("intent"), "intent of an example", report)
    if said is None or not intent:
        missing = "text" if said is None else "intent"
        report.warn(
            item.place, f"An example without `{missing}` is skipped.", "Add it, or remove the example."
        )
        return
    marked = items(found.get("entities"), f"entities of an example of `{intent}`", report)
    read = tuple(filter(None, (_entity(node, said, report) for node in marked)))
    into.add_example(intent, said, read, None, item.place)


def _entity(node: Node, said: str, report: Report) -> Entity | None:
    found = entries(node, "an entity", report)
    name = _named(found, "entity", "entity", node.place, report)
    start, end = (number(found.get(key), f"{key} of an entity", report) for key in ("start", "end"))
    if name is None:
        return None
    if start is None or end is None or not 0 <= start < end <= len(said) or start % 1 or end % 1:
        report.error(node.place, f"The entity `{name}` lies in no part of its example.", _LOST)
        return None
    first, last = int(start), int(end)
    value = text(found.get("value"), f"value of `{name}`", report)
    role, group = (text(found.get(key), f"{key} of `{name}`", report) for key in ("role", "group"))
    return Entity(name, said[first:last] if value is None else value, first, last, role, group)


def _named(found: Entries, key: str, what: str, place: Place, report: Report) -> str | None:
    value = text(found.get(key), f"{key} of a {what}", report)
    if not value:
        report.error(place, f"This {what} has no `{key}`.", f'Add `"{key}": "…"`, or remove it.')
    return value or None


def _elements(name: str, table: Entries, place: Place, lookup: Lookup, report: Report) -> Iterable[str]:
    """A table's values, which older files leave to a file of their own."""
    node = table.get("elements")
    if node is None or isinstance(node.value, tuple):
        return names(node, f"elements of `{name}`", report)
    listed = lookup(node.raw)
    if listed is None:
        message = f"The file of the lookup table `{name}` cannot be read."
        report.error(
            place, message, "Name it from the project's folder, in which it must lie, or list its values."
        )
    return listed or ()


def convert_json(raw: str, file: str, lookup: Lookup) -> Converted | None:
    """The training data of a JSON file as values of Rasa's YAML; None where it cannot be read whole."""
    report = Report()
    top = parse_yaml(raw, file, report)
    into = Gathered(("en",), report)
    if section := entries(top, file, report).get(SECTION):
        read_nlu_json(section, lookup, into)
    if any(finding.level is Level.ERROR for finding in report.findings):
        return None
    found, remarks = _as_yaml(into.data)
    return Converted({"nlu": found} if found else {}, remarks)


def _as_yaml(data: NluData) -> tuple[list[dict[str, Any]], list[Remark]]:
    """An `nlu:` section; an example that it cannot say is a remark."""
    listed: dict[tuple[str, str], list[str]] = {}
    remarks: list[Remark] = []
    for example in data.examples:
        try:
            marked = annotate(example.text, example.entities)
        except AnnotationError as error:
            marked, why = "", str(error)
        else:
            why = "it has more than one line"
        if marked and marked.isprintable():
            listed.setdefault(("intent", example.intent), []).append(marked.strip())
        else:
            message = f"This example cannot be written as YAML: {why}."
            remarks.append(Remark(example.place, message, "Write it by hand, in other words."))
    sections: tuple[tuple[str, Mapping[str, Iterable[str]]], ...] = (
        ("synonym", _by_value(data.synonyms)),
        ("regex", data.regexes),
        ("lookup", data.lookups),
    )
    for kind, found in sections:
        listed.update({(kind, name): list(values) for name, values in found.items()})
    items = [
        {kind: name, "examples": "".join(f"- {line}\n" for line in lines)}
        for (kind, name), lines in listed.items()
        if lines
    ]
    return items, remarks


def _by_value(synonyms: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for surface, value in synonyms.items():
        found.setdefault(value, []).append(surface)
    return found
