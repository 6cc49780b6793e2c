"""Reads training stories, each written out in every way through its choices and checkpoints.

Knows Rasa 3's story keys (yaml_story_reader.py); how stories branch is bot/project/branching.py's, and
bot/dialogue/memory.py recalls them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue.reading import Entity
from bot.dialogue.selection import base_of
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, SlotStep, Step, Story
from bot.dialogue.text import parse_payload
from bot.project.annotations import AnnotationError, parse
from bot.project.branching import MOST_WAYS, Part, read_parts, ways_through
from bot.project.node import check_keys, entries, is_list, items, text
from bot.project.report import Place, Report
from bot.project.rules_file import labels_of, slot_steps, step_entities
from bot.project.yaml import Node

_KEYS = ("story", "steps", "metadata")
_NO_STEP = "Use intent, or, action, active_loop, slot_was_set or checkpoint."
_TEXT = "Name the intent: `- intent: NAME`; texts alone are not compared yet."


@dataclass(frozen=True, slots=True)
class StoryPart:
    """A story as it is written, from one checkpoint (None: its beginning) to the next (None: its end)."""

    name: str
    place: Place
    start: str | None
    given: tuple[SlotStep, ...]
    ways: tuple[tuple[Step, ...], ...]
    end: str | None


def read_stories(sections: Sequence[Node], report: Report) -> tuple[tuple[Story, ...], tuple[StoryPart, ...]]:
    """The stories of all `stories:` sections, one for each way through, and the parts they are written in.
    One that cannot be read is left out, with a finding.
    """
    parts: list[Part[Step]] = []
    for section in sections:
        for item in items(section, "stories", report):
            read = _parts(item, report)
            parts += read or []
            if read is None:
                report.lost.add("stories")  # it may be the one that starts a form
    stories = tuple(
        Story(way.name, way.steps, ends=way.ends, source=str(way.place))
        for ways in ways_through(parts, report)
        for way in ways
    )
    written = (StoryPart(p.name, p.place, p.start, p.given, tuple(p.ways[:MOST_WAYS]), p.end) for p in parts)
    return stories, tuple(written)


def _parts(node: Node, report: Report) -> list[Part[Step]] | None:
    found = entries(node, "a story", report)
    name = text(found.get("story"), "the name of a story", report)
    if not name:
        report.error(node.place, "This story has no name.", "Begin it with `- story: NAME`.")
        return None
    what = f"story `{name}`"
    check_keys(found, _KEYS, what, report)
    first: Part[Step] = Part(name, found["story"].place)
    parts = read_parts(first, what, found.get("steps"), _plain_step, report)
    return parts if is_list(found.get("steps")) else None


def _plain_step(what: str, node: Node, report: Report) -> tuple[Step, ...] | None:
    found = entries(node, f"a step of {what}", report)
    if "intent" in found or "user" in found:
        return _heard(what, node, report)
    if "action" in found:
        name = text(found["action"], f"an action of {what}", report)
        if name:
            return (ActionStep(name),)
        report.error(node.place, f"A step of {what} names no action.", "Write `- action: NAME`.")
        return None
    if "slot_was_set" in found:
        return tuple(slot_steps(what, found["slot_was_set"], report))
    if "active_loop" in found:
        return (LoopStep(text(found["active_loop"], f"active_loop of {what}", report)),)
    if "metadata" in found:
        return ()
    if "bot" in found:
        report.warn(node.place, f"The {what} gives the bot's words; it is left out.", _NO_STEP)
        return None
    report.error(node.place, f"A step of {what} is none that is known.", _NO_STEP)
    return None


def _heard(what: str, node: Node, report: Report) -> tuple[Step, ...] | None:
    found = entries(node, f"a step of {what}", report)
    check_keys(found, ("intent", "user", "entities", "metadata"), f"step of {what}", report)
    said = text(found.get("user"), f"a message of {what}", report)
    payload = parse_payload(said) if said else None
    name = text(found.get("intent"), f"an intent of {what}", report) or (payload and payload.intent)
    if not name:
        report.warn(node.place, f"A message of {what} names no intent; the story is left out.", _TEXT)
        return None
    marked = payload.entities if payload else _marked(what, node, said, report)
    given = (*marked, *step_entities(what, found, report))
    return (IntentStep(frozenset({base_of(name.removeprefix("/"))}), frozenset(labels_of(given)), given),)


def _marked(what: str, node: Node, said: str | None, report: Report) -> tuple[Entity, ...]:
    """The entities marked in the words of a step whose intent is named."""
    try:
        return parse(said.strip())[1] if said else ()
    except AnnotationError as error:
        mend = 'Write `[words](entity)` or `[words]{"entity": "name"}`.'
        report.error(node.place, f"An entity of {what} cannot be read: {error}.", mend)
        return ()
