"""Reads training stories, each written out in every way through its choices and checkpoints.

Knows Rasa 3's story keys (yaml_story_reader.py); how stories branch is bot/project/branching.py's, and
bot/dialogue/memory.py recalls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.dialogue.domain import Domain
from bot.dialogue.names import BUILT_IN_ACTIONS
from bot.dialogue.reading import Entity
from bot.dialogue.selection import base_of
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, SlotStep, Step, Story, TextStep
from bot.dialogue.text import normalise, parse_payload
from bot.project.annotations import AnnotationError, parse
from bot.project.branching import Part, read_parts, ways_through
from bot.project.node import check_keys, entries, is_list, items, text
from bot.project.report import Place, Report
from bot.project.rules_file import MOST_WAYS, labels_of, slot_steps, step_entities
from bot.project.yaml import Node

_KEYS = ("story", "steps", "metadata")
_NO_STEP = "Use intent, user, or, action, bot, active_loop, slot_was_set or checkpoint."


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


def action_texts(domain: Domain, listed: Iterable[str]) -> frozenset[str]:
    """What the bot says as an action of its own: the domain's `e2e_actions`, and its words in stories. Words
    that are a name of the domain's stand for what it names.
    """
    steps = (step for story in domain.stories for step in story.steps)
    told = {step.name for step in steps if isinstance(step, ActionStep) and step.spoken}
    return (
        frozenset(told).union(listed)
        - domain.actions
        - domain.responses.keys()
        - domain.loops
        - BUILT_IN_ACTIONS
    )


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
    if "action" in found or "bot" in found:
        return _done(what, node, report)
    if "slot_was_set" in found:
        return tuple(slot_steps(what, found["slot_was_set"], report))
    if "active_loop" in found:
        return (LoopStep(text(found["active_loop"], f"active_loop of {what}", report)),)
    if "metadata" in found:
        return ()
    report.error(node.place, f"A step of {what} is none that is known.", _NO_STEP)
    return None


def _done(what: str, node: Node, report: Report) -> tuple[Step, ...] | None:
    """An action by its name, or, where the bot's words are given, by those."""
    found = entries(node, f"a step of {what}", report)
    spoken = "action" not in found
    name = text(found["bot" if spoken else "action"], f"an action of {what}", report)
    if name and name.strip():
        return (ActionStep(name.strip() if spoken else name, spoken=spoken),)
    mend = 'Write `- bot: "WORDS"`.' if spoken else "Write `- action: NAME`."
    message = "gives no words" if spoken else "names no action"
    report.error(node.place, f"A step of {what} {message}.", mend)
    return None


def _heard(what: str, node: Node, report: Report) -> tuple[Step, ...] | None:
    found = entries(node, f"a step of {what}", report)
    check_keys(found, ("intent", "user", "entities", "metadata"), f"step of {what}", report)
    said = text(found.get("user"), f"a message of {what}", report)
    payload = parse_payload(said) if said else None
    name = text(found.get("intent"), f"an intent of {what}", report) or (payload and payload.intent)
    plain, marked = _marked(what, node, said or "", report)
    given = (*(payload.entities if payload else marked), *step_entities(what, found, report))
    if not name:
        if words := normalise(plain):
            return (TextStep(words, given),)
        mend = 'Write `- intent: NAME` or `- user: "WORDS"`.'
        report.error(node.place, f"A message of {what} has neither intent nor words.", mend)
        return None
    return (IntentStep(frozenset({base_of(name.removeprefix("/"))}), frozenset(labels_of(given)), given),)


def _marked(what: str, node: Node, said: str, report: Report) -> tuple[str, tuple[Entity, ...]]:
    """The words of a step, and the entities marked in them."""
    try:
        return parse(said.strip())
    except AnnotationError as error:
        mend = 'Write `[words](entity)` or `[words]{"entity": "name"}`.'
        report.error(node.place, f"An entity of {what} cannot be read: {error}.", mend)
        return said, ()
