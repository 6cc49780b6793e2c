"""Stories that branch: their parts from checkpoint to checkpoint, the choices in them, and every way through.

Knows `checkpoint` and `or` as Rasa 3 has them (yaml_story_reader.py, structures.py). What any other step
says is its caller's: training stories and test conversations read theirs by different words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from bot.dialogue.steps import SlotStep
from bot.project.node import items, text
from bot.project.report import Place, Report
from bot.project.rules_file import MOST_WAYS, slot_steps
from bot.project.yaml import Node

S = TypeVar("S")
PlainStep = Callable[[str, Node, Report], "tuple[S, ...] | None"]
"""What one item without a choice says, by what its story is called; None, with a finding, where the story
cannot be kept."""


@dataclass(slots=True)
class Part(Generic[S]):
    """A story from one checkpoint to the next; None stands for its beginning and its end. `given` are slots
    that must hold where it takes up.
    """

    name: str
    place: Place
    start: str | None = None
    given: tuple[SlotStep, ...] = ()
    ways: list[tuple[S, ...]] = field(default_factory=lambda: [()])
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Way(Generic[S]):
    """One way from a beginning to an end. `ends` is False where a checkpoint leads nowhere, or back to what
    was told already: the way is cut there.
    """

    name: str
    place: Place
    steps: tuple[S, ...]
    ends: bool


def read_parts(
    first: Part[S], what: str, steps: Node | None, plain_step: PlainStep[S], report: Report
) -> list[Part[S]] | None:
    """The story that begins with `first`, in parts; None, with a finding, where it cannot be kept."""
    parts = [first]
    begun = False
    for item in items(steps, f"steps of {what}", report):
        read = _step(what, item, plain_step, report)
        if read is None:
            return None
        if isinstance(read, _Checkpoint):
            if begun:
                parts[-1].end = read.name
                parts.append(Part(first.name, first.place, read.name, read.given))
            else:
                parts[-1].start, parts[-1].given = read.name, read.given
        elif read != [()]:
            product = ((*way, *more) for way in parts[-1].ways for more in read)
            parts[-1].ways = list(islice(product, MOST_WAYS + 1))
        begun = True
    if parts[-1].ways == [()] and len(parts) > 1:
        parts.pop()  # the story ended in a checkpoint
    return parts


def ways_through(parts: Sequence[Part[S]], report: Report) -> Iterator[list[Way[S]]]:
    """Every way from each beginning, together; loose checkpoints and too many ways become findings."""
    _note_loose_ends(parts, report)
    for part in parts:
        if part.start is not None:
            continue
        ways = list(islice(_through(part, parts), MOST_WAYS + 1))
        if len(ways) > MOST_WAYS:
            message = f"The story `{part.name}` goes more than {MOST_WAYS} ways; the first {MOST_WAYS} hold."
            report.warn(part.place, message, "Use fewer checkpoints and `or`.")
        yield ways[:MOST_WAYS]


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    name: str
    given: tuple[SlotStep, ...]


def _step(
    what: str, node: Node, plain_step: PlainStep[S], report: Report
) -> list[tuple[S, ...]] | _Checkpoint | None:
    """The ways that one item goes on; None where the story cannot be kept."""
    found = node.value if isinstance(node.value, Mapping) else {}
    if "checkpoint" in found:
        name = text(found["checkpoint"], f"a checkpoint of {what}", report)
        if name:
            return _Checkpoint(name, tuple(slot_steps(what, found.get("slot_was_set"), report)))
        report.error(node.place, f"A checkpoint of {what} has no name.", "Write `- checkpoint: NAME`.")
        return None
    if "or" in found:
        ways: list[tuple[S, ...]] = []
        for item in items(found["or"], f"`or` of {what}", report):
            read = _step(what, item, plain_step, report)
            if read is None or isinstance(read, _Checkpoint):
                return None
            ways += read
        if not ways:
            report.error(node.place, f"`or` of {what} has no choice.", "List the choices under it.")
        return ways or None
    way = plain_step(what, node, report)
    return None if way is None else [way]


def _note_loose_ends(parts: Sequence[Part[S]], report: Report) -> None:
    begun = {part.start: part for part in reversed(parts)}
    ended = {part.end: part for part in reversed(parts)}
    for found, others, message in (
        (ended, begun, "No story goes on from the checkpoint"),
        (begun, ended, "No story leads to the checkpoint"),
    ):
        for name, part in found.items():
            if name is not None and name not in others:
                report.warn(part.place, f"{message} `{name}`.", "Give both the same name, or remove it.")


def _through(first: Part[S], parts: Sequence[Part[S]]) -> Iterator[Way[S]]:
    """Every way from a beginning to an end, through each part at most once."""
    begun: dict[str, list[Part[S]]] = {}
    for part in parts:
        if part.start is not None:
            begun.setdefault(part.start, []).append(part)
    pending: list[tuple[tuple[Part[S], ...], tuple[S, ...]]] = [((first,), ())]
    while pending:
        passed, before = pending.pop()
        part = passed[-1]
        if not _holds(part.given, before):
            continue
        onward = [p for p in begun.get(part.end or "", ()) if not any(p is q for q in passed)]
        whole = [(*before, *way) for way in part.ways]
        if part.end is None or not onward:
            for steps in whole:
                yield Way(first.name, first.place, steps, ends=part.end is None)
        pending += reversed([((*passed, p), steps) for steps in whole for p in onward])


def _holds(given: Sequence[SlotStep], steps: Sequence[S]) -> bool:
    """Whether the slots a checkpoint asks for have these values after the steps."""
    slots = {step.name: step for step in steps if isinstance(step, SlotStep)}
    return all(
        (want.any_value or slots[want.name].value == want.value)
        if want.name in slots
        else want.value is None and not want.any_value
        for want in given
    )
