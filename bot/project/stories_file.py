"""Reads stories, and writes out every way through their choices and checkpoints.

Knows Rasa 3's story keys (yaml_story_reader.py); recalls nothing (bot/dialogue/memory.py does).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bot.dialogue.reading import Entity
from bot.dialogue.selection import base_of
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, SlotStep, Step, Story
from bot.project.annotations import AnnotationError, parse
from bot.project.node import check_keys, entries, is_list, items, text
from bot.project.report import Place, Report
from bot.project.rules_file import labels_of, slot_steps, step_entities
from bot.project.yaml import Node

MOST_WAYS = 500  # of one story: each is compared with the conversation
_KEYS = ("story", "steps", "metadata")
_NO_STEP = "Use intent, or, action, active_loop, slot_was_set or checkpoint."
_TEXT = "Name the intent: `- intent: NAME`; texts alone are not compared yet."

Way = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class StoryPart:
    """A story as it is written, from one checkpoint (None: its beginning) to the next (None: its end)."""

    name: str
    place: Place
    start: str | None
    given: tuple[SlotStep, ...]
    ways: tuple[Way, ...]
    end: str | None


@dataclass(slots=True)
class _Part:
    """A story from one checkpoint to the next; None stands for its beginning and its end. `given` are slots
    that must hold where it takes up.
    """

    name: str
    place: Place
    start: str | None
    given: tuple[SlotStep, ...] = ()
    ways: list[Way] = field(default_factory=lambda: [()])
    end: str | None = None


def read_stories(sections: Sequence[Node], report: Report) -> tuple[tuple[Story, ...], tuple[StoryPart, ...]]:
    """The stories of all `stories:` sections, one for each way through, and the parts they are written in.
    One that cannot be read is left out, with a finding.
    """
    parts: list[_Part] = []
    for section in sections:
        for item in items(section, "stories", report):
            read = _parts(item, report)
            parts += read or []
            if read is None:
                report.lost.add("stories")  # it may be the one that starts a form
    _note_loose_ends(parts, sections, report)
    stories: list[Story] = []
    for part in parts:
        ways = list(islice(_through(part, parts), MOST_WAYS + 1)) if part.start is None else []
        if len(ways) > MOST_WAYS:
            message = f"The story `{part.name}` goes more than {MOST_WAYS} ways; the first {MOST_WAYS} hold."
            report.warn(part.place, message, "Use fewer checkpoints and `or`.")
        stories += ways[:MOST_WAYS]
    written = (StoryPart(p.name, p.place, p.start, p.given, tuple(p.ways[:MOST_WAYS]), p.end) for p in parts)
    return tuple(stories), tuple(written)


def _parts(node: Node, report: Report) -> list[_Part] | None:
    found = entries(node, "a story", report)
    name = text(found.get("story"), "the name of a story", report)
    if not name:
        report.error(node.place, "This story has no name.", "Begin it with `- story: NAME`.")
        return None
    what = f"story `{name}`"
    check_keys(found, _KEYS, what, report)
    parts = [_Part(name, found["story"].place, None)]
    begun = False
    for item in items(found.get("steps"), f"steps of {what}", report):
        read = _step(what, item, report)
        if read is None:
            return None
        if isinstance(read, _Checkpoint):
            if begun:
                parts[-1].end = read.name
                parts.append(_Part(name, parts[0].place, read.name, read.given))
            else:
                parts[-1].start, parts[-1].given = read.name, read.given
        elif read != [()]:
            product = ((*way, *more) for way in parts[-1].ways for more in read)
            parts[-1].ways = list(islice(product, MOST_WAYS + 1))
        begun = True
    if parts[-1].ways == [()] and len(parts) > 1:
        parts.pop()  # the story ended in a checkpoint
    return parts if is_list(found.get("steps")) else None


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    name: str
    given: tuple[SlotStep, ...]


def _step(what: str, node: Node, report: Report) -> list[Way] | _Checkpoint | None:
    """The ways that one item goes on; None where the story cannot be kept."""
    found = entries(node, f"a step of {what}", report)
    if "checkpoint" in found:
        name = text(found["checkpoint"], f"a checkpoint of {what}", report)
        if name:
            return _Checkpoint(name, tuple(slot_steps(what, found.get("slot_was_set"), report)))
        report.error(node.place, f"A checkpoint of {what} has no name.", "Write `- checkpoint: NAME`.")
        return None
    if "or" in found:
        ways: list[Way] = []
        for item in items(found["or"], f"`or` of {what}", report):
            read = _step(what, item, report)
            if read is None or isinstance(read, _Checkpoint):
                return None
            ways += read
        if not ways:
            report.error(node.place, f"`or` of {what} has no choice.", "List the choices under it.")
        return ways or None
    way = _plain_step(what, node, report)
    return None if way is None else [way]


def _plain_step(what: str, node: Node, report: Report) -> Way | None:
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


def _heard(what: str, node: Node, report: Report) -> Way | None:
    found = entries(node, f"a step of {what}", report)
    check_keys(found, ("intent", "user", "entities", "metadata"), f"step of {what}", report)
    name = text(found.get("intent"), f"an intent of {what}", report)
    if not name:
        report.warn(node.place, f"A message of {what} names no intent; the story is left out.", _TEXT)
        return None
    given = (*_marked(what, found.get("user"), report), *step_entities(what, found, report))
    return (IntentStep(frozenset({base_of(name.removeprefix("/"))}), frozenset(labels_of(given)), given),)


def _marked(what: str, node: Node | None, report: Report) -> tuple[Entity, ...]:
    """The entities marked in the words of a step whose intent is named."""
    said = text(node, f"a message of {what}", report)
    try:
        return parse(said.strip())[1] if said else ()
    except AnnotationError as error:
        assert node is not None  # it has been read
        mend = 'Write `[words](entity)` or `[words]{"entity": "name"}`.'
        report.error(node.place, f"An entity of {what} cannot be read: {error}.", mend)
        return ()


def _note_loose_ends(parts: Sequence[_Part], sections: Sequence[Node], report: Report) -> None:
    begun, ended = {part.start for part in parts}, {part.end for part in parts}
    for name, message in (
        *((name, "No story goes on from the checkpoint") for name in ended - begun),
        *((name, "No story leads to the checkpoint") for name in begun - ended),
    ):
        if name is not None:
            place = sections[0].place
            report.warn(place, f"{message} `{name}`.", "Give both the same name, or remove it.")


def _through(first: _Part, parts: Sequence[_Part]) -> Iterator[Story]:
    """Every way from a beginning to an end, through each part at most once."""
    begun: dict[str, list[_Part]] = {}
    for part in parts:
        if part.start is not None:
            begun.setdefault(part.start, []).append(part)
    pending: list[tuple[tuple[_Part, ...], Way]] = [((first,), ())]
    while pending:
        passed, before = pending.pop()
        part = passed[-1]
        if not _holds(part.given, before):
            continue
        onward = [p for p in begun.get(part.end or "", ()) if not any(p is q for q in passed)]
        whole = [(*before, *way) for way in part.ways]
        if part.end is None or not onward:
            for steps in whole:
                yield Story(first.name, steps, ends=part.end is None, source=str(first.place))
        pending += reversed([((*passed, p), steps) for steps in whole for p in onward])


def _holds(given: Sequence[SlotStep], steps: Way) -> bool:
    """Whether the slots a checkpoint asks for have these values after the steps."""
    slots = {step.name: step for step in steps if isinstance(step, SlotStep)}
    return all(
        (want.any_value or slots[want.name].value == want.value)
        if want.name in slots
        else want.value is None and not want.any_value
        for want in given
    )
