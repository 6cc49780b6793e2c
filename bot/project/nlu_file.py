"""Reads training data: examples with entities, synonyms, lookups, regexes and the titles of intents.

Knows Rasa 3's `nlu:` section (rasa/shared/nlu/training_data/formats/rasa_yaml.py); trains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bot.project.annotations import KEYS, AnnotationError, parse, passed_over
from bot.project.language import guess_language, primary
from bot.project.lookup_lines import lookup_lines
from bot.project.model import NluData
from bot.project.nlu_gathered import Gathered
from bot.project.nlu_json_file import read_nlu_json
from bot.project.node import check_keys, entries, items, text
from bot.project.report import Place, Report, suggest
from bot.project.yaml import Node

_STRIPPED = "\n\r "
_SECTIONS = ("intent", "synonym", "regex", "lookup")


def read_nlu(
    sections: Sequence[Node],
    languages: Sequence[str],
    report: Report,
    *,
    json: Sequence[Node] = (),
    folder: Path = Path(),
) -> tuple[NluData, Mapping[str, Mapping[str, str]]]:
    """The training data of all `nlu:` sections and of those in JSON, whose lookup tables may name files of
    `folder`; and each intent's title by language.
    """
    into = Gathered(languages, report)
    for section in sections:
        for item in items(section, "nlu", report):
            _read_item(item, into, report)
    for section in json:
        read_nlu_json(section, partial(lookup_lines, folder), into)
    return into.data, into.titles


def _read_item(item: Node, into: Gathered, report: Report) -> None:
    found = entries(item, "an nlu item", report)
    section = next((key for key in _SECTIONS if key in found), None)
    if section is None:
        if found:
            report.warn(
                item.place, "This nlu item is skipped.", f"Begin it with one of {', '.join(_SECTIONS)}."
            )
        return
    check_keys(found, (section, "examples", "metadata"), f"nlu {section}", report)
    name = text(found[section], f"the name of nlu {section}", report)
    if not name:
        report.lost.add("examples")
        report.error(item.place, f"This {section} has no name.", f"Write `- {section}: NAME`.")
        return
    if section == "intent":
        _read_intent(name, found, into, report)
        return
    lines = list(_lines(found.get("examples"), f"{section} `{name}`", report))
    if not lines:
        report.warn(
            item.place, f"The {section} `{name}` has no examples.", "Add some (`examples: |`) or remove it."
        )
    for value, _, place in lines:
        _add_line(section, name, value, place, into)


def _add_line(section: str, name: str, value: str, place: Place, into: Gathered) -> None:
    if section == "synonym":
        into.add_synonym(value, name, place)
    elif section == "lookup":
        into.lookups.setdefault(name, []).append(value)
    else:
        into.add_regex(name, value, place)


def _read_intent(name: str, found: Mapping[str, Node], into: Gathered, report: Report) -> None:
    metadata = entries(found.get("metadata"), f"metadata of intent `{name}`", report)
    named = _language(metadata, into.languages, report)
    title = text(metadata.get("title"), f"title of intent `{name}`", report)
    if title is not None:
        language = named or guess_language(title, into.languages)
        known = into.titles.setdefault(name, {}).setdefault(language, title)
        if known != title:
            message = f"The intent `{name}` has two titles in {language}; the first holds."
            report.warn(metadata["title"].place, message, "Keep one of the two.")
    empty, before = True, report.count
    for annotated, own, place in _lines(found.get("examples"), f"intent `{name}`", report):
        empty = False
        own_language = _language(
            entries(own.get("metadata"), "metadata of an example", report), into.languages, report
        )
        _add_example(name, annotated, own_language or named, place, into, report)
    if empty and report.count > before:
        report.lost.add("examples")
    elif empty and title is None:
        report.warn(
            found["intent"].place,
            f"The intent `{name}` has no examples here.",
            "Add some or remove the entry.",
        )


def _add_example(
    intent: str,
    annotated: str,
    language: str | None,
    place: Place,
    into: Gathered,
    report: Report,
) -> None:
    try:
        plain, entities = parse(annotated)
        strange = passed_over(annotated)
    except AnnotationError as error:
        mend = 'Write `[words](entity)` or `[words]{"entity": "name", "role": "…"}`.'
        report.error(place, f"An entity of this example cannot be read: {error}.", mend)
        return
    for key in strange:
        mend = suggest(key, KEYS, f"Known there: {', '.join(KEYS)}.")
        report.warn(place, f"`{key}` in the details of an entity has no effect.", mend)
    into.add_example(intent, plain, entities, language, place)


def _language(metadata: Mapping[str, Node], languages: Sequence[str], report: Report) -> str | None:
    node = metadata.get("language")
    language = text(node, "language", report)
    if language is None or node is None:
        return None
    known = next((code for code in languages if code == language or primary(code) == primary(language)), None)
    if known is None and "languages" not in report.lost:
        mend = f"Add it to `languages:` in config.yml, or use one of {', '.join(languages)}."
        report.warn(node.place, f"The language `{language}` is not one of the project's.", mend)
    return known or language


def _lines(node: Node | None, what: str, report: Report) -> Iterator[tuple[str, Mapping[str, Node], Place]]:
    """Each example as (text, its own keys, place)."""
    if node is None or node.value is None:
        return
    if isinstance(node.value, str):
        yield from _block_lines(node, what, report)
        return
    for item in items(node, f"examples of {what}", report):
        found = (
            {"text": item} if isinstance(item.value, str) else entries(item, f"an example of {what}", report)
        )
        value = text(found.get("text"), f"text of an example of {what}", report)
        if value is None:
            report.error(item.place, f"An example of {what} has no `text`.", "Add it, or remove the item.")
            continue
        yield value.removeprefix("- ").strip(_STRIPPED), found, item.place


def _block_lines(node: Node, what: str, report: Report) -> Iterator[tuple[str, Mapping[str, Node], Place]]:
    first = node.start + 1 if node.literal else node.start
    if not node.literal and not str(node.value).startswith("-"):
        mend = "Write `examples: |`, and begin each line below it with `- `."
        report.warn(Place(node.place.file, first), f"The examples of {what} are skipped.", mend)
        return
    for offset, line in enumerate(str(node.value).splitlines()):
        place = Place(node.place.file, first + offset if node.literal else first)
        if line.startswith("-"):
            yield line[1:].strip(_STRIPPED), {}, place
        elif line.strip():
            report.warn(
                place, f"This line of {what} is skipped.", "Begin each example with `- `, all in one column."
            )
