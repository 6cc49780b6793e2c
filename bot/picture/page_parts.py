"""Draws paths on the page: chips for steps, lists for what follows what.

Knows nodes, paths and elements; not which sections the page has. Lists are nested as choices are, so that a
screen reader tells the same as the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote
from xml.etree.ElementTree import Element

from bot.errors import Finding, Level
from bot.picture.graph import Graph, Kind, Node, Path, by_turn
from bot.picture.markup import element

SHOWN = 90  # letters of a response on a chip; the list of responses has all of it


def anchor(key: str) -> str:
    """The id of a node's row."""
    return quote(key, safe=":")


def words(kind: str, text: str) -> Element:
    """A few words of a class of their own."""
    return element("span", {"class": kind}, text)


def step(graph: Graph, key: str, *, plain: bool = False) -> Element:
    """A step as a button that shows everything that uses it; a condition, an end or a value is text.
    `plain`: the name alone.
    """
    node = graph.nodes[key]
    said = " ".join(node.words[0].split()) if node.words and not plain else ""
    said = said if len(said) <= SHOWN else f"{said[:SHOWN].rstrip()}…"
    inside = [
        words("kind", node.kind),
        element("b", {}, *breakable(node.name)),
        element("small", {}, said) if said else None,
        None if plain else _warning(graph, key),
    ]
    classes = f"step {'named' if node.kind is Kind.STEP else node.kind}"
    if node.kind in (Kind.CONDITION, Kind.END, Kind.VALUE):
        return element("span", {"class": classes}, *inside)
    attributes = {"type": "button", "class": classes, "data-key": key, "aria-pressed": "false"}
    return element("button", attributes, *inside)


def _warning(graph: Graph, key: str) -> Element | None:
    """What is wrong with a step in two words; the row of its node tells the rest."""
    told = graph.nodes[key].mark or ("has an error" if graph.broken(key) else "")
    return words("warned", told) if told else None


def breakable(name: str) -> Iterator[Element | str]:
    """A name that may break after what joins its words."""
    start = 0
    for place, letter in enumerate(name, 1):
        if letter in "_/.+-" and place < len(name):
            yield name[start:place]
            yield element("wbr")
            start = place
    yield name[start:]


def place(node: Node) -> Element | None:
    """Where a node is defined."""
    return element("code", {"class": "place"}, str(node.place)) if node.place else None


def marks(graph: Graph, key: str) -> list[Element]:
    """What is wrong with a node, in the words of the check."""
    mark = graph.nodes[key].mark
    told = [element("span", {"class": "mark"}, mark)] if mark else []
    return [*told, *(told_of(finding) for finding in graph.found(key))]


def told_of(finding: Finding) -> Element:
    kind = "mark error" if finding.level is Level.ERROR else "mark"
    where = element("code", {"class": "place"}, f"{finding.file}:{finding.line}")
    return element("span", {"class": kind}, where, f" {finding.message} {finding.mend}")


def drawing(graph: Graph, paths: Sequence[Path], *, turns: bool = False) -> Element:
    """Paths below each other, each from left to right; with `turns` a column is a message and its turn."""
    listed = (element("li", {}, _path(graph, path, turns=turns)) for path in paths)
    return element("ul", {"class": "fork"}, *listed)


def _path(graph: Graph, path: Path, *, turns: bool) -> Element:
    columns = by_turn(graph, path.steps) if turns else [[nodes] for nodes in path.steps]
    stops = [element("li", {"class": "turn"}, *_column(graph, column)) for column in columns]
    if path.told or not path.waits:
        stops.append(_ending(graph, path))
    further = drawing(graph, path.further, turns=turns) if path.further else None
    return element("div", {"class": "path"}, element("ol", {"class": "steps"}, *stops), further)


def _column(graph: Graph, column: Sequence[tuple[str, ...]]) -> Iterator[Element]:
    for nodes in column:
        for number, node in enumerate(nodes):
            if number:
                yield element("i", {}, "or")
            yield step(graph, node)


def _ending(graph: Graph, path: Path) -> Element:
    """The rules and stories that end here."""
    told = []
    for key in path.told:
        node = graph.nodes[key]
        told.append(element("span", {}, f"{node.name} ", place(node), *marks(graph, key)))
    onward = None if path.waits else element("span", {}, "then goes on without waiting")
    return element("li", {"class": "end"}, *told, onward)
