"""The values that a diagram is drawn from: nodes, the paths between them, and what is wrong with them.

Knows neither how they are found in a project (bot.picture.survey) nor how they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.errors import Finding, Level
from bot.project.report import Place


class Kind(StrEnum):
    """What a node is, in the word that the diagram shows."""

    INTENT = "intent"
    MESSAGE = "message"
    RESPONSE = "response"
    ACTION = "action"
    PERSON = "person"
    FORM = "form"
    FLOW = "flow"
    SLOT = "slot"
    CONDITION = "condition"
    CHECKPOINT = "checkpoint"
    STEP = "step"
    END = "end"
    VALUE = "value"
    RULE = "rule"
    STORY = "story"


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that has a name: a message, and what the bot says without a response, its words. `words` are
    what customers read or say there, or what it does; `mark` tells a dead end in two or three words.
    """

    key: str
    kind: Kind
    name: str
    words: tuple[str, ...] = ()
    place: Place | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """Steps that follow each other, each one of some nodes (keys), and the ways on from there. `told` are the
    rules and stories that end here; with `waits` the bot then listens.
    """

    steps: tuple[tuple[str, ...], ...]
    further: tuple[Path, ...] = ()
    told: tuple[str, ...] = ()
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A slot of a form or flow: the responses or actions that ask for it, each way that an answer fills it,
    and which values are refused, each by a condition and the response that says so.
    """

    slot: str
    asked_by: tuple[str, ...]
    filled_by: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A form or flow: what begins it, what it asks, and its paths: of a flow its steps, then for both the
    rules written for it. `checked_by` is the action that validates it, empty where there is none; only where
    `guard` holds a flow begins.
    """

    form: str
    begun_by: tuple[str, ...]
    questions: tuple[Question, ...]
    paths: tuple[Path, ...]
    ignored: tuple[str, ...]
    checked_by: str = ""
    guard: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Intents that lead to the same kind of thing."""

    title: str
    about: str
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole bot. `paths` are what follows each intent, by its key; `stories` begin at what begins them."""

    title: str
    nodes: Mapping[str, Node]
    groups: tuple[Group, ...]
    paths: Mapping[str, tuple[Path, ...]]
    forms: tuple[Asking, ...]
    flows: tuple[Asking, ...]
    stories: tuple[Path, ...]
    findings: tuple[Finding, ...] = ()
    answers: int = 0
    about: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    def found(self, key: str) -> tuple[Finding, ...]:
        """The findings about a node, told where it is defined."""
        return self.about.get(key, ())

    def broken(self, key: str) -> tuple[Finding, ...]:
        """Those of them that keep the bot from starting: a drawing shows no others."""
        return tuple(finding for finding in self.found(key) if finding.level is Level.ERROR)

    def of_kind(self, *kinds: Kind) -> tuple[Node, ...]:
        """The nodes of these kinds, in the order of their files."""
        return tuple(node for node in self.nodes.values() if node.kind in kinds)


def nodes_on(paths: tuple[Path, ...]) -> Iterator[str]:
    """The key of every node on paths."""
    for path in paths:
        yield from (node for nodes in path.steps for node in nodes)
        yield from nodes_on(path.further)


def by_turn(graph: Graph, steps: Sequence[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Steps from each message to the next; a checkpoint stands alone."""
    found: list[list[tuple[str, ...]]] = []
    opens = True
    for nodes in steps:
        kind = graph.nodes[nodes[0]].kind
        if opens or kind in (Kind.INTENT, Kind.MESSAGE, Kind.CHECKPOINT):
            found.append([])
        found[-1].append(nodes)
        opens = kind is Kind.CHECKPOINT
    return found


def nodes_of_asking(asking: Asking) -> Iterator[str]:
    """The key of everything that a form or flow shows, itself first."""
    yield asking.form
    yield from nodes_on(asking.paths)
    yield from asking.ignored
    for question in asking.questions:
        yield from (question.slot, *question.asked_by, *(response for _, response in question.refused))


def beyond(path: Path, node: str) -> tuple[Path, ...]:
    """What a path tells after `node`, where it opens with that: for whoever shows the node already."""
    if path.steps[0] != (node,) or (len(path.steps) == 1 and path.told):
        return (path,)
    return (replace(path, steps=path.steps[1:]),) if len(path.steps) > 1 else path.further
