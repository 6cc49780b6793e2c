"""The lines of a PDF's pages, with their look, and without what every page repeats.

Knows how pypdf hands out text (`visitor_text`); knows no paragraph.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject

_Piece = tuple[str, float, bool, float]
"""Text with size, boldness and height of its letters."""

_MARGIN = 2  # lines at either end of a page that may be its header or footer
_FEWEST = 3  # pages from which on a repeated line is one
_NUMBER = re.compile(r"\W*(?:page|seite|第)?\s*\d{1,4}\s*(?:(?:of|von|/|／|页)\s*\d{0,4})?\W*", re.IGNORECASE)
_LEADER = re.compile(r"(?:[.·…]\s?){4,}\s*[\divxl]*$")  # of a table of contents, or an index
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page. `size` of its letters and `height` above the page's foot are in points."""

    text: str
    size: float
    bold: bool
    height: float
    page: int


def page_lines(page: PageObject, number: int) -> list[Line]:
    """The lines of page `number` that hold text, in reading order."""
    pieces: list[_Piece] = []

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        scale = math.hypot(tm[1], tm[3]) * math.hypot(cm[1], cm[3])
        height = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        name = str(font.get("/BaseFont", "")) if font else ""
        pieces.append((text, size * (scale or 1.0), bool(_BOLD.search(name)), height))

    page.extract_text(visitor_text=visit)
    lines: list[Line] = []
    open_line: list[_Piece] = []
    for text, size, bold, height in pieces:
        first, *rest = text.split("\n")
        open_line.append((first, size, bold, height))
        for part in rest:
            lines += _line(open_line, number)
            open_line = [(part, size, bold, height)]
    return lines + _line(open_line, number)


def _line(pieces: Sequence[_Piece], page: int) -> list[Line]:
    """The line that pieces make, in the look of most of its letters; none of blanks."""
    text = " ".join("".join(piece[0] for piece in pieces).replace("\0", "").split())
    if not text:
        return []
    _, size, bold, height = max(pieces, key=lambda piece: len(piece[0].strip()))
    return [Line(text, round(size * 2) / 2, bold, height, page)]


def without_margins(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines of all pages without headers, footers and page numbers, which are what stands at the same end
    of half the pages, digits aside; and without those that only lead to a page."""
    seen: Counter[str] = Counter()
    for lines in pages:
        seen.update({_plain(line) for line in _ends(lines)})
    enough = max(_FEWEST, math.ceil(len(pages) / 2))
    kept: list[Line] = []
    for lines in pages:
        ends = {id(line) for line in _ends(lines)}
        kept += [
            line
            for line in lines
            if not _LEADER.search(line.text)
            and (id(line) not in ends or not (seen[_plain(line)] >= enough or _NUMBER.fullmatch(line.text)))
        ]
    return kept


def _ends(lines: Sequence[Line]) -> list[Line]:
    return [*lines[:_MARGIN], *lines[max(_MARGIN, len(lines) - _MARGIN) :]]


def _plain(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)
