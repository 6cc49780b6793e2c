"""What every document is read into: its blocks in order, and what a table's row says in words.

Knows no file format and no chunk; readers make blocks, passages are cut from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

Kind = Literal["heading", "question", "end", "text", "item", "row", "code"]

LOWEST = 9
"""The level of a heading that only looks like one: a short line in bold."""

_LONGEST_HEADING = 100
_NO_HEADING = re.compile(r"[.;,，。；]$|^\W*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document. A `question` is answered by what follows, up to the next one, a heading or an
    `end`. Headings have a `level`, 1 the highest; a row has a `lead`, its first cell; `page` and `line` count
    from 1."""

    kind: Kind
    text: str = ""
    level: int = 0
    lead: str = ""
    page: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document by its name in the source; `title` stands where no heading does."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def row(heads: Sequence[str], cells: Sequence[str], *, line: int | None = None) -> Block:
    """A table's row as `heading: value; heading: value`; empty cells fall out."""
    pairs = zip_longest(heads[: len(cells)], cells, fillvalue="")
    told = (f"{head.rstrip(':：')}: {cell}" if head else cell for head, cell in pairs if cell)
    return Block("row", "; ".join(told), lead=next(filter(None, cells), ""), line=line)


def tidy(parts: Iterable[str]) -> str:
    """Words in lines: spaces joined, breaks kept."""
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def like_heading(text: str) -> bool:
    """Whether a line in bold stands for a heading: short, and no sentence."""
    return len(text) <= _LONGEST_HEADING and "\n" not in text and not _NO_HEADING.search(text)
