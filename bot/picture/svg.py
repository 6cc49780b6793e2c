"""Writes a diagram as one static SVG picture.

Knows cards and where they go; lanes flow through columns like a newspaper's. The same graph gives the same
bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from bot.picture.cards import Lane, lanes
from bot.picture.figures import figures
from bot.picture.graph import Graph, Kind
from bot.picture.layout import LINE, PAD, Box, Card, Line, Link, Row, columns, rows, size, text_width
from bot.picture.markup import element

MARGIN = 28.0
HEAD = 112.0  # title, figures and legend
LANE_HEAD = 44.0
ROW_APART = 10.0
COLUMN_APART = 40.0
PROPORTION = 1.5  # width to height that is aimed at: a screen's
MOST_COLUMNS = 4
FEW = 3  # rows of a lane that stay together
_LEGEND = (
    Kind.INTENT,
    Kind.MESSAGE,
    Kind.CONDITION,
    Kind.RESPONSE,
    Kind.ACTION,
    Kind.SLOT,
    Kind.FORM,
    Kind.FLOW,
    Kind.STEP,
    Kind.PERSON,
    Kind.CHECKPOINT,
)
_ROUND: dict[str, int] = {
    Kind.INTENT: 13,
    Kind.MESSAGE: 13,
    Kind.PERSON: 13,
    Kind.ACTION: 1,
}  # corners; 6 for the others


@dataclass(frozen=True, slots=True)
class _Piece:
    """A row with the lane that it is of."""

    lane: Lane
    row: Row


def svg_of(graph: Graph) -> str:
    """The picture. Text stays text; colours follow the reader's light or dark."""
    pieces = [_Piece(lane, row) for lane in lanes(graph) for row in rows(lane.trees)]
    drawn, width, height = min(
        (_flow(pieces, number) for number in range(1, MOST_COLUMNS + 1)),
        key=lambda flow: abs(math.log(flow[1] / flow[2] / PROPORTION)),
    )
    head, least = _head(graph)
    width, height = max(width, least) + 2 * MARGIN, height + HEAD + 2 * MARGIN
    title = f"{graph.title}: what its intents, forms, flows and stories lead to"
    picture = element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:.0f} {height:.0f}",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
            "role": "img",
            "aria-labelledby": "title desc",
        },
        element("title", {"id": "title"}, title),
        element("desc", {"id": "desc"}, figures(graph)),
        element("style", {}, files("bot.picture").joinpath("picture.css").read_text(encoding="utf-8")),
        element("rect", {"class": "paper", "width": "100%", "height": "100%"}),
        element("g", {"transform": f"translate({MARGIN:.0f} {MARGIN:.0f})"}, *head),
        element("g", {"transform": f"translate({MARGIN:.0f} {MARGIN + HEAD:.0f})"}, *drawn),
    )
    return tostring(picture, encoding="unicode") + "\n"


def _head(graph: Graph) -> tuple[list[Element], float]:
    """Title, figures and legend, with the width they take."""
    drawn = [_words(graph.title, 0, 22, "title"), _words(figures(graph), 0, 46, "soft")]
    x = 0.0
    for kind in (kind for kind in _LEGEND if graph.of_kind(kind)):
        card = Card(kind, (Line(kind.value, name=kind is not Kind.CONDITION),))
        width, height = size(card)
        drawn.append(_box(Box(card, x, 64.0, width, height)))
        x += width + ROW_APART
    drawn.append(_words("rule or story", x + ROW_APART, 64.0 + LINE, "words end"))
    x += 2 * ROW_APART + text_width("rule or story", name=False)
    return drawn, max(x, text_width(figures(graph), name=False), 1.9 * text_width(graph.title, name=False))


def _flow(pieces: Sequence[_Piece], number: int) -> tuple[list[Element], float, float]:
    """The lanes in so many columns, with the width and height they take."""
    drawn: list[Element] = []
    x, tallest = 0.0, 1.0
    heights = [
        piece.row.height + ROW_APART + (LANE_HEAD if not n or pieces[n - 1].lane is not piece.lane else 0)
        for n, piece in enumerate(pieces)
    ]
    for start, end in columns(heights, number, [_breaks(pieces, n) for n in range(len(pieces))]):
        y = width = 0.0
        for place in range(start, end):
            piece = pieces[place]
            if place == start or pieces[place - 1].lane is not piece.lane:
                begun = place > 0 and pieces[place - 1].lane is piece.lane
                words, wide = _lane_head(piece.lane, x, y, continued=begun)
                drawn += words
                width, y = max(width, wide), y + LANE_HEAD
            drawn += _row(piece.row, x, y)
            width, y = max(width, piece.row.width), y + piece.row.height + ROW_APART
        x, tallest = x + width + COLUMN_APART, max(tallest, y)
    return drawn, max(x - COLUMN_APART, 1.0), tallest


def _breaks(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether a column may begin with this piece: at a lane's head, or with several rows on each side."""
    lane = pieces[place].lane
    near = pieces[max(0, place - FEW) : place + FEW]
    return place == 0 or pieces[place - 1].lane is not lane or all(piece.lane is lane for piece in near)


def _lane_head(lane: Lane, x: float, y: float, *, continued: bool) -> tuple[list[Element], float]:
    title = f"{lane.title} (continued)" if continued else f"{lane.title} ({lane.number})"
    after = 1.35 * text_width(title, name=False) + 12
    words = [_words(title, x, y + 28, "lane"), _words(lane.about, x + after, y + 28, "soft")]
    return words, after + text_width(lane.about, name=False)


def _row(row: Row, x: float, y: float) -> list[Element]:
    links = [_link(link.moved(x, y)) for link in row.links]
    return [*links, *(_box(box.moved(x, y)) for box in row.boxes)]


def _link(link: Link) -> Element:
    (x, y), (to_x, to_y) = link.start, link.end
    way = (
        f"M{x:.1f} {y:.1f}H{to_x:.1f}"
        if y == to_y
        else f"M{x:.1f} {y:.1f}H{link.turn:.1f}V{to_y:.1f}H{to_x:.1f}"
    )
    return element("path", {"class": "link", "d": way})


def _box(box: Box) -> Element:
    frame = {
        "class": "frame",
        "x": f"{box.x:.1f}",
        "y": f"{box.y:.1f}",
        "width": f"{box.width:.1f}",
        "height": f"{box.height:.1f}",
        "rx": str(_ROUND.get(box.card.kind, 6)),
    }
    texts = [
        _words(line.text, box.x + PAD, box.y + PAD / 2 + LINE * (n + 0.74), _classes(box.card, line))
        for n, line in enumerate(box.card.lines)
    ]
    tip = element("title", {}, box.card.words) if box.card.words else None
    return element("g", {"class": box.card.kind}, tip, element("rect", frame), *texts)


def _classes(card: Card, line: Line) -> str:
    return " ".join(part for part in ("name" if line.name else "words", line.style) if part)


def _words(text: str, x: float, y: float, classes: str) -> Element:
    return element("text", {"class": classes, "x": f"{x:.1f}", "y": f"{y:.1f}"}, text)
