"""Lays trees out from left to right: cards in columns, none over another, whatever fonts there are.

Knows cards and how wide text may become; not what they mean. A parent stands beside its first child and
columns are as wide as their widest card, so a path reads as a line and rows as a table. Trees need no more:
the general layered layouts (Sugiyama's, in grandalf) settle crossings, which trees do not have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LINE = 17.0  # height of a line of text, in pixels like all lengths here
PAD = 9.0  # between a card's edge and its text
APART = 8.0  # between cards of a column
GUTTER = 26.0  # between columns; links turn here
LONGEST = 30  # letters of a line

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a card: a name, or plain words."""

    text: str
    key: str = ""
    name: bool = True
    style: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands in one frame. `kind` and `words` are for whoever draws it."""

    kind: str
    lines: tuple[Line, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """Cards that follow each other, and the trees that may follow the last."""

    cards: tuple[Card, ...]
    further: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A card in its place."""

    card: Card
    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> Box:
        return Box(self.card, self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Link:
    """From the right edge of a box to the left edge of one that follows."""

    start: tuple[float, float]
    end: tuple[float, float]
    turn: float

    def moved(self, x: float, y: float) -> Link:
        (a, b), (c, d) = self.start, self.end
        return Link((a + x, b + y), (c + x, d + y), self.turn + x)


@dataclass(frozen=True, slots=True)
class Row:
    """A tree in its place; its upper left corner is at 0, 0."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    width: float
    height: float


def text_width(text: str, *, name: bool) -> float:
    """An upper bound in common fonts: names at 12 pixels in a monospaced one, words at 12 in a plain one."""
    return sum(_letter(letter, name=name) for letter in text)


def _letter(letter: str, *, name: bool) -> float:
    if ord(letter) > 0xFFFF:
        return 17.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 13.0
    if not letter.isascii():
        return 10.0
    if name:
        return 7.4
    return 4.9 if letter in _NARROW else 11.9 if letter in _WIDE else 9.2 if letter.isupper() else 7.7


def wrapped(text: str, longest: int = LONGEST) -> tuple[str, ...]:
    """A text in lines that are cut where a name or sentence may break, or hard where it offers no place."""
    lines = [""]
    for part in re.findall(r"[^\s_/.+-]*[\s_/.+-]?", text):
        while part:
            free = longest - len(lines[-1])
            if len(part) <= free:
                lines[-1] += part
                break
            if len(part) > longest:
                lines[-1] += part[:free]
                part = part[free:]
            lines.append("")
    return tuple(line for line in (line.strip() for line in lines) if line) or ("",)


def size(card: Card) -> tuple[float, float]:
    """Width and height."""
    widest = max(text_width(line.text, name=line.name) for line in card.lines)
    return round(widest + 2 * PAD, 1), len(card.lines) * LINE + PAD


def rows(trees: Sequence[Tree]) -> tuple[Row, ...]:
    """Trees that share their columns."""
    widths: dict[int, float] = {}
    for card, depth in _walk(trees, 0):
        widths[depth] = max(widths.get(depth, 0.0), size(card)[0])
    starts = [sum(widths[d] + GUTTER for d in range(depth)) for depth in range(len(widths) + 1)]
    return tuple(_row(tree, starts) for tree in trees)


def _walk(trees: Sequence[Tree], depth: int) -> Iterator[tuple[Card, int]]:
    for tree in trees:
        yield from ((card, depth + place) for place, card in enumerate(tree.cards))
        yield from _walk(tree.further, depth + len(tree.cards))


def _row(tree: Tree, starts: Sequence[float]) -> Row:
    boxes: list[Box] = []
    links: list[Link] = []
    height = _put(tree, 0, 0.0, starts, boxes, links)
    return Row(tuple(boxes), tuple(links), max(box.x + box.width for box in boxes), height)


def _put(
    tree: Tree, depth: int, top: float, starts: Sequence[float], boxes: list[Box], links: list[Link]
) -> float:
    """Puts the cards of a tree in a line and what follows them below `top`; the height of all that."""
    tallest = 0.0
    for place, card in enumerate(tree.cards, depth):
        width, height = size(card)
        if place > depth:
            links.append(_link(boxes[-1], starts[place], top))
        boxes.append(Box(card, starts[place], top, width, height))
        tallest = max(tallest, height)
    last, below = boxes[-1], top
    following = depth + len(tree.cards)
    for child in tree.further:
        links.append(_link(last, starts[following], below))
        below += _put(child, following, below, starts, boxes, links) + APART
    return max(tallest, below - top - APART)


def _link(box: Box, x: float, y: float) -> Link:
    """From a box to one whose upper left corner is there: from first line to first line."""
    middle = (LINE + PAD) / 2
    return Link((box.x + box.width, box.y + middle), (x, y + middle), x - GUTTER / 2)


def columns(heights: Sequence[float], number: int, breaks: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """Consecutive pieces in so many columns of about the same height, which begin where `breaks` allows: from
    and up to which piece each has.
    """
    goal, start, filled = sum(heights) / number, 0, 0.0
    found: list[tuple[int, int]] = []
    for place, height in enumerate(heights):
        full = filled + height / 2 > goal and place > start and len(found) < number - 1
        if full and breaks[place]:
            found.append((start, place))
            start, filled = place, 0.0
        filled += height
    return (*found, (start, len(heights)))
