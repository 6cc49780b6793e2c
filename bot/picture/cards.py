"""Turns a diagram's paths into cards for the picture: what is written in each frame, in which lanes.

Knows the words of the picture; neither places nor draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.picture.graph import Asking, Graph, Kind, Path, beyond, by_turn
from bot.picture.layout import Card, Line, Tree, wrapped
from bot.picture.paths import key, running


@dataclass(frozen=True, slots=True)
class Lane:
    """Trees under one heading."""

    title: str
    about: str
    trees: tuple[Tree, ...]
    number: int  # of what the title names: one may have several trees


def lanes(graph: Graph) -> tuple[Lane, ...]:
    """The whole picture from the top: what intents lead to, what forms and flows do, how stories go, what is
    never used.
    """
    conditions = [key(Kind.CONDITION, running(form.name)) for form in graph.of_kind(Kind.FORM, Kind.FLOW)]
    found = [
        _lane(group.title, group.about, (_intent(graph, i, conditions) for i in group.intents))
        for group in graph.groups
    ]
    idle = [node for node in graph.of_kind(Kind.RESPONSE, Kind.ACTION) if node.mark]
    flows = tuple(tree for flow in graph.flows for tree in _flow(graph, flow))
    found += [
        _lane("Forms", "what they ask, and what follows", (_form(graph, form) for form in graph.forms)),
        Lane("Flows", "step by step; a step's name goes on where it begins a line", flows, len(graph.flows)),
        _lane(
            "Stories",
            "each card is one message and what the bot does",
            (_tree(graph, path, turns=True) for path in graph.stories),
        ),
        _lane("Never used", "no rule, story, form or flow", (Tree((_card(graph, (n.key,)),)) for n in idle)),
    ]
    return tuple(lane for lane in found if lane.trees)


def _lane(title: str, about: str, trees: Iterable[Tree]) -> Lane:
    made = tuple(trees)
    return Lane(title, about, made, len(made))


def _intent(graph: Graph, intent: str, apart: Sequence[str]) -> Tree:
    """What follows an intent; what does while a form runs stands with the form."""
    paths = [path for path in graph.paths[intent] if path.steps[0][0] not in apart]
    return Tree((_card(graph, (intent,)),), tuple(_tree(graph, path) for path in paths))


def _form(graph: Graph, form: Asking) -> Tree:
    card = _card(graph, (form.form,))
    asked = [line for question in form.questions for line in _name_lines(graph, question.slot, "- ")]
    trees = tuple(_tree(graph, after) for path in form.paths for after in beyond(path, form.form))
    return Tree((replace(card, lines=(*card.lines, *asked)),), trees)


def _flow(graph: Graph, flow: Asking) -> Iterator[Tree]:
    """A flow from its beginning, then each line that another goes on with."""
    card = _card(graph, (flow.form,))
    when = [Line(text, name=False) for text in wrapped(f"if {flow.guard}")] if flow.guard else []
    below = [path for path in flow.paths if graph.nodes[path.steps[0][0]].kind is Kind.STEP]
    begins = tuple(_tree(graph, path) for path in flow.paths if path not in below)
    yield Tree((replace(card, lines=(*card.lines, *when)),), begins)
    of = tuple(Line(text, name=False) for text in wrapped(f"of {graph.nodes[flow.form].name}"))
    for path in below:
        tree = _tree(graph, path)
        head = tree.cards[0]
        yield replace(tree, cards=(replace(head, lines=(*head.lines, *of)), *tree.cards[1:]))


def _tree(graph: Graph, path: Path, *, turns: bool = False) -> Tree:
    cards = tuple(_by_turn(graph, path.steps) if turns else (_card(graph, nodes) for nodes in path.steps))
    ending = (_ending(graph, path),) if path.told else ()
    if not path.further:
        return Tree((*cards, *ending))
    further = tuple(_tree(graph, one, turns=turns) for one in path.further)
    return Tree(cards, (*(Tree((card,)) for card in ending), *further))


def _by_turn(graph: Graph, steps: Sequence[tuple[str, ...]]) -> Iterator[Card]:
    """One card from each message to the next, of the kind of its first step; checkpoints stand alone."""
    for turn in by_turn(graph, steps):
        cards = [_card(graph, nodes) for nodes in turn]
        rest = (replace(line, style=line.style or card.kind) for card in cards[1:] for line in card.lines)
        lines = (line for line in (*cards[0].lines, *rest) if line.style != "mark")  # told with the intent
        yield Card(cards[0].kind, tuple(lines), "\n".join(card.words for card in cards))


def _card(graph: Graph, nodes: Sequence[str]) -> Card:
    """One node, or several of which any will do."""
    lines: list[Line] = []
    for place, node in enumerate(nodes):
        lines += _name_lines(graph, node, "or " if place else "")
    return Card(graph.nodes[nodes[0]].kind, tuple(lines), "\n".join(tip(graph, node) for node in nodes))


def _name_lines(graph: Graph, node: str, before: str) -> list[Line]:
    found = graph.nodes[node]
    plain = found.kind in (Kind.CONDITION, Kind.END, Kind.VALUE)
    lines = [Line(text, name=not plain) for text in wrapped(before + found.name)]
    return [*lines, *_mark_lines(graph, node)]


def _mark_lines(graph: Graph, node: str) -> list[Line]:
    marks = [graph.nodes[node].mark] if graph.nodes[node].mark else []
    marks += [f"see {found.file}:{found.line}" for found in graph.broken(node)[:1]]
    return [Line(text, name=False, style="mark") for mark in marks for text in wrapped(f"! {mark}")]


def _ending(graph: Graph, path: Path) -> Card:
    lines: list[Line] = []
    for node in path.told:
        lines += [Line(text, name=False) for text in wrapped(graph.nodes[node].name)]
        lines += _mark_lines(graph, node)
    if not path.waits:
        lines.append(Line("then goes on", name=False))
    return Card("end", tuple(lines), "\n".join(tip(graph, node) for node in path.told))


def tip(graph: Graph, node: str) -> str:
    """What a pointer over a node is told."""
    found = graph.nodes[node]
    head = f"{found.kind} {found.name}" + (f" ({found.place})" if found.place else "")
    return "\n".join((head, *found.words, *(f"{f.level}: {f.message} {f.mend}" for f in graph.found(node))))
