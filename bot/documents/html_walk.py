"""One pass over a page's elements, which tells its blocks in order.

Knows what each tag does to the text around it; which parts of a page count is the caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from bot.documents.block import LOWEST, Block, Kind, like_heading, row, tidy

LINE = "data-source-line"
"""The attribute that says which line of another format an element was made of."""

_BREAKING_TAGS = """
    address article blockquote body center dd div dl fieldset figcaption figure header hgroup hr html
    main ol p section table ul details caption
"""
_BREAKS = frozenset(_BREAKING_TAGS.split())
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    "li": "item",
    "pre": "code",
    "dt": "question",
    "summary": "question",
}
_ONE_LINE = frozenset({"heading", "question"})
_LISTS = frozenset({"ul", "ol"})
_ENDS = frozenset({"dl", "details"})
_BOLD = frozenset({"b", "strong"})
_WEB = ("http://", "https://")


@dataclass(slots=True)
class _Table:
    """The outermost open table: what stands over its columns, and the row so far."""

    heads: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    all_heads: bool = True
    line: int | None = None
    depth: int = 1


@dataclass(slots=True)
class _Text:
    """The text of the block that is open. `bold` and `local`: whether all of it is in bold, or leads to
    places in the same page."""

    parts: list[str] = field(default_factory=list)
    line: int | None = None
    bold: bool = True
    local: bool = True


class Walk:
    """Reads elements in their order without recursion, since pages may be nested deeper than Python."""

    def __init__(self, skipped: Callable[[Any], bool], *, made: bool) -> None:
        self.blocks: list[Block] = []
        self._skipped = skipped
        self._made = made
        self._here: int | None = None
        self._text = _Text()
        self._open: list[str] = []  # elements that give their text a kind, outermost first
        self._lists: list[int] = []  # the last number of each open list, -1 for dashes
        self._unmarked = False  # whether the open item has no dash yet
        self._table: _Table | None = None
        self._bold = 0
        self._links: list[tuple[str, int]] = []

    def through(self, root: Any) -> None:
        """Reads all that is in `root`."""
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            left_out = element is not root and self._skipped(element)
            if event == "start":
                if left_out:
                    walker.skip_subtree()
                    continue
                self._start(element)
                self._say(element.text)
            else:
                if not left_out:
                    self._end(element.tag)
                if element is not root:
                    self._say(element.tail)
        self._flush()

    def _say(self, words: str | None) -> None:
        if not words:
            return
        text = self._text
        if words.strip():
            text.line = text.line or self._here
            text.bold = text.bold and self._bold > 0
            text.local = text.local and any(address.startswith("#") for address, _ in self._links)
        text.parts.append(words if self._kind == "code" else re.sub(r"\s+", " ", words))

    @property
    def _kind(self) -> Kind:
        return _KINDS[self._open[-1]] if self._open else "text"

    def _start(self, element: Any) -> None:
        tag = element.tag
        if not self._made:
            self._here = element.sourceline
        elif (given := element.get(LINE, "")).isdigit():
            self._here = int(given)
        if tag == "a":
            self._links.append((element.get("href") or "", len(self._text.parts)))
        elif tag in _BOLD:
            self._bold += 1
        elif tag == "br":
            self._text.parts.append("\n")
        elif self._table is not None:
            self._start_in_table(self._table, tag)
        elif tag in _KINDS or tag in _BREAKS:
            self._begin(element)

    def _begin(self, element: Any) -> None:
        tag = element.tag
        if tag in _BREAKS and self._kind in _ONE_LINE:
            self._text.parts.append(" ")
            return
        if tag == "p" and self._kind == "item":
            self._text.parts.append("\n")
            return
        self._flush()
        if tag in _KINDS:
            self._open.append(tag)
            self._unmarked = tag == "li"
        if tag in _LISTS:
            start = element.get("start", "1")
            self._lists.append(int(start) - 1 if tag == "ol" and start.isdigit() else -1)
        elif tag == "table":
            self._table = _Table()

    def _start_in_table(self, table: _Table, tag: str) -> None:
        table.depth += tag == "table"
        if table.depth == 1 and tag == "tr":
            table.cells, table.all_heads, table.line = [], True, self._here
        if table.depth == 1 and tag in ("td", "th", "caption", "tr"):
            self._text = _Text()
            table.all_heads = table.all_heads and tag != "td"
        elif tag in _KINDS or tag in _BREAKS or tag in ("td", "th", "tr"):
            self._text.parts.append(" ")

    def _end(self, tag: str) -> None:
        if tag == "a" and self._links:
            address, start = self._links.pop()
            if address.startswith(_WEB) and address not in "".join(self._text.parts[start:]):
                self._text.parts.append(f" ({address})")
        elif tag in _BOLD:
            self._bold = max(0, self._bold - 1)
        elif self._table is not None:
            self._end_in_table(self._table, tag)
        elif tag in _KINDS and tag in self._open:
            self._flush()
            while self._open.pop() != tag:  # what was left open within
                pass
        elif tag in _BREAKS and self._kind not in _ONE_LINE and not (tag == "p" and self._kind == "item"):
            self._flush()
            if tag in _LISTS and self._lists:
                self._lists.pop()
            if tag in _ENDS:
                self.blocks.append(Block("end"))

    def _end_in_table(self, table: _Table, tag: str) -> None:
        if table.depth == 1 and tag in ("td", "th"):
            table.cells.append(" ".join(tidy(self._text.parts).split("\n")))
            self._text = _Text()
        elif table.depth == 1 and tag == "caption":
            self._put("text", tidy(self._text.parts))
            self._text = _Text()
        elif table.depth == 1 and tag == "tr":
            if table.all_heads and table.cells and not table.heads:
                table.heads = table.cells
            elif any(table.cells):
                self.blocks.append(row(table.heads, table.cells, line=table.line))
        elif tag == "table":
            table.depth -= 1
            if not table.depth:
                self._table, self._text = None, _Text()

    def _flush(self) -> None:
        text, self._text = self._text, _Text()
        is_code = self._kind == "code"
        words = "".join(text.parts).strip("\n").rstrip() if is_code else tidy(text.parts)
        if words:
            self._text_ended(text, words)

    def _text_ended(self, text: _Text, words: str) -> None:
        kind = self._kind
        if kind in _ONE_LINE:
            words = words.replace("\n", " ")
        if kind == "item":
            if text.local:
                return  # of a table of contents
            words, kind = self._item(words)
        elif kind == "text" and text.bold and like_heading(words):
            self._put("heading", words, level=LOWEST, line=text.line)
            return
        level = int(self._open[-1][1]) if kind == "heading" else 0
        self._put(kind, words, level=level, line=text.line)

    def _item(self, words: str) -> tuple[str, Kind]:
        """An item with its mark; what goes on after a list within it has none."""
        if not self._unmarked:
            return words, "text"
        self._unmarked = False
        if not self._lists or self._lists[-1] < 0:
            mark = "- "
        else:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}. "
        indent = "  " * (len(self._lists) - 1)
        return indent + mark + words.replace("\n", f"\n{indent}{' ' * len(mark)}"), "item"

    def _put(self, kind: Kind, words: str, *, level: int = 0, line: int | None = None) -> None:
        if words:
            self.blocks.append(Block(kind, words, level=level, line=line or self._here))
