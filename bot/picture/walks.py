"""Flows as paths from step to step: branches, and by name the steps at which ways meet.

Knows the steps of flows; not where they are shown. A line that would grow too long goes on below, as at a
step where ways meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from bot.dialogue.domain import Domain
from bot.dialogue.flow import CANCEL, END, Act, Call, Collect, Flow, FlowStep, Link, SetSlots, Way
from bot.picture.graph import Kind, Path
from bot.picture.paths import action_key, key, value_words

LONG = 6  # steps of a line; a screen shows no more
_STOPS = {END: "the flow ends", CANCEL: "stopped, and nothing is done"}
Keys = tuple[str, ...]


def walks(domain: Domain, flow: Flow) -> tuple[Path, ...]:
    """The paths of a flow: from its beginning, then from each step that is gone on at by name, in the file's
    order, and from those that nothing leads to.
    """
    named = _named(flow)
    found: list[Path] = []
    walk = _Walk(domain, flow, named)
    for place in flow.steps:
        if place == flow.begins or place in named or place not in walk.seen:
            opens = () if place == flow.begins and place not in named else ((step_key(flow, place),),)
            found += walk.onward(place, opens, 0)
    return tuple(found)


def step_key(flow: Flow, place: str) -> str:
    return key(Kind.STEP, f"{flow.name}/{place}")


def step_of(flows: Mapping[str, Flow], name: str) -> tuple[Flow | None, str]:
    """The flow and the step's id that the key of a step names."""
    within = [flow for flow in flows.values() if name.startswith(f"{flow.name}/")]
    within.sort(key=lambda flow: name.removeprefix(f"{flow.name}/") not in flow.steps)
    flow = within[0] if within else None
    return flow, name.removeprefix(f"{flow.name}/") if flow else name


def doing_words(step: FlowStep) -> str:
    """What a step does, for whoever meets only its id."""
    match step.does:
        case Collect(slot=slot, confirms=confirms):
            return "asks for a yes" if confirms else f"asks for {slot}"
        case Act(action):
            return f"runs {action}"
        case SetSlots(values):
            return f"sets {', '.join(values)}"
        case Call(name) | Link(name):
            return f"goes on with {name}"
        case _:
            return "chooses a way"


def ways_of(step: FlowStep) -> tuple[Way, ...]:
    """The ways that can be taken: none after one without a condition."""
    last = next((place for place, way in enumerate(step.ways, 1) if way.condition is None), len(step.ways))
    return () if isinstance(step.does, Link) else step.ways[:last]


def _named(flow: Flow) -> frozenset[str]:
    """The steps that several ways lead to."""
    targets = Counter(way.to for step in flow.steps.values() for way in ways_of(step))
    targets[flow.begins] += 1
    return frozenset(place for place, times in targets.items() if times > 1 and place in flow.steps)


class _Walk:
    """Goes from a step on, and holds which steps were shown and which open a line of their own."""

    def __init__(self, domain: Domain, flow: Flow, named: frozenset[str]) -> None:
        self.domain, self.flow, self.named = domain, flow, named
        self.seen: set[str] = set()

    def onward(self, place: str, opens: tuple[Keys, ...], depth: int) -> tuple[Path, ...]:
        """From `place` to the next choice and beyond, after what is already told."""
        told = list(opens)
        while True:
            step = self.flow.steps[place]
            self.seen.add(place)
            done = tuple(_keys(self.domain, step))
            told, depth = [*told, *done], depth + bool(done)
            ways = ways_of(step)
            if len(ways) != 1 or ways[0].condition:
                return self._chosen(step, ways, told, depth)
            place = ways[0].to
            if ended := self._ended(place, depth):
                return (Path((*told, ended)),)

    def _chosen(
        self, step: FlowStep, ways: tuple[Way, ...], told: list[Keys], depth: int
    ) -> tuple[Path, ...]:
        further = tuple(path for way in ways for path in self._way(step, way, depth))
        if not told:
            return further
        return (Path(tuple(told), further),)

    def _way(self, step: FlowStep, way: Way, depth: int) -> tuple[Path, ...]:
        condition = (key(Kind.CONDITION, _words(step, way)),)
        if ended := self._ended(way.to, depth):
            return (Path((condition, ended)),)
        return self.onward(way.to, (condition,), depth + 1)

    def _ended(self, place: str, depth: int) -> Keys | None:
        """What a line ends with that leads there, if it ends."""
        if place in _STOPS:
            return (key(Kind.END, _STOPS[place]),)
        if place in self.named or place not in self.flow.steps or place in self.seen:
            return (step_key(self.flow, place),)
        return (step_key(self.flow, place),) if depth >= LONG and self._goes_on(place) else None

    def _goes_on(self, place: str) -> bool:
        """Whether more follows than this one step: else a line of its own would be waste."""
        return any(way.to in self.flow.steps for way in ways_of(self.flow.steps[place]))


def _words(step: FlowStep, way: Way) -> str:
    if isinstance(step.does, Collect) and step.does.confirms:
        return "with a yes" if way.condition else "with a no"
    return f"if {way.condition.text}" if way.condition else "else"


def _keys(domain: Domain, step: FlowStep) -> Iterator[Keys]:
    match step.does:
        case Collect(confirms=True, utter=utter):
            yield (key(Kind.RESPONSE, utter or "utter_flow_confirm"),)
        case Collect(slot=slot):
            yield (key(Kind.SLOT, slot),)
        case Act(action):
            yield (action_key(domain, action),)
        case SetSlots(values):
            for name, value in values.items():
                yield (key(Kind.SLOT, name),)
                yield (key(Kind.VALUE, f"= {value_words(value)}"),)
        case Call(name) | Link(name):
            yield (key(Kind.FLOW, name),)
        case _:
            pass
