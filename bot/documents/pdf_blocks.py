"""A PDF as blocks, page by page: what its lines look like tells headings, items and paragraphs apart.

Knows pages as pypdf reads them; `pdf_lines` knows a page's lines. A scan, which holds pictures of words, is
refused.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from bot.documents.block import LOWEST, Block, Document, Kind, like_heading
from bot.documents.chunks import LONGEST
from bot.documents.pdf_lines import Line, page_lines, without_margins
from bot.errors import SourceUnreadable

_ITEM = re.compile(r"(?:[•◦▪‣·●○■–—*-]|(\d{1,2})[.)])\s+(?=\S)")
_ENDED = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*$")
_BROKEN_WORD = re.compile(r"[^\W\d_]{2,}-$")
_CJK = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
_LARGER = 1.12  # times the size of most of the text: a heading
_GAP = 1.45  # times the usual distance of lines: a new paragraph
_HIGHEST_LEVELS = 5


def read_pdf(data: bytes, name: str) -> Document:
    """The document of a PDF. Raises SourceUnreadable where it has a password, no text, or is broken."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks are for those who write PDFs
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        pages = [page_lines(page, number) for number, page in enumerate(reader.pages, start=1)]
        title = str((reader.metadata and reader.metadata.title) or "")
    except FileNotDecryptedError as error:
        raise SourceUnreadable(f"{name} has a password. Save it without one, then import it.") from error
    except Exception as error:  # what a broken file makes of the library is without bound
        message = f"{name} is no PDF, or broken. Open it in a viewer and print it to a new PDF."
        raise SourceUnreadable(message) from error
    if not any(line.text for lines in pages for line in lines):
        what = "pictures alone, as a scan has" if pages else "no page"
        mend = "Run text recognition (OCR) over it, such as `ocrmypdf`, and import the result."
        raise SourceUnreadable(f"{name} holds no text: {what}. {mend}")
    lines = without_margins(pages)
    return Document(name, title.strip(), tuple(_Reading(lines).blocks()))


@dataclass(slots=True)
class _Reading:
    """The lines of all pages, and what is usual among them."""

    lines: Sequence[Line]
    size: float = field(init=False)
    bold: bool = field(init=False)
    gap: float = field(init=False)
    levels: dict[float, int] = field(init=False)

    def __post_init__(self) -> None:
        sizes: Counter[float] = Counter()
        bold = 0
        for line in self.lines:
            sizes[line.size] += len(line.text)
            bold += len(line.text) * line.bold
        most = max(sizes.values(), default=0)
        self.size = min((size for size, letters in sizes.items() if letters > most / 2), default=0.0)
        self.bold = bold > sum(sizes.values()) / 2
        gaps = Counter(
            round(self._gap(before, line))
            for before, line in zip(self.lines, self.lines[1:], strict=False)
            if before.page == line.page and self._gap(before, line) > 0
        )
        self.gap = max(gaps, key=lambda gap: gaps[gap]) if gaps else 0.0
        larger = sorted({line.size for line in self.lines if self._is_larger(line)}, reverse=True)
        self.levels = {size: min(level, _HIGHEST_LEVELS) for level, size in enumerate(larger, start=1)}

    def blocks(self) -> Iterator[Block]:
        """The blocks in their order."""
        group: list[Line] = []
        for line in self.lines:
            if group and self._begins(group[-1], line):
                yield self._block(group)
                group = []
            group.append(line)
        if group:
            yield self._block(group)

    @staticmethod
    def _gap(before: Line, line: Line) -> float:
        return before.height - line.height

    def _is_larger(self, line: Line) -> bool:
        return line.size >= self.size * _LARGER and any(char.isalpha() for char in line.text)

    def _level(self, line: Line) -> int:
        """The level of a line that is, or is part of, a heading; 0 for others."""
        if self._is_larger(line):
            return self.levels[line.size]
        return LOWEST if line.bold and not self.bold and like_heading(line.text) else 0

    def _begins(self, before: Line, line: Line) -> bool:
        """Whether a line begins a block of its own after the line `before`."""
        level, last = self._level(line), self._level(before)
        if level != last or _ITEM.match(line.text):
            return True
        if before.page != line.page:
            return bool(level) or bool(_ENDED.search(before.text))
        return self._gap(before, line) > _GAP * max(self.gap, line.size)

    def _block(self, group: Sequence[Line]) -> Block:
        first, level = group[0], self._level(group[0])
        text = _joined([line.text for line in group])
        if level:
            return Block("heading", text, level=level, page=first.page)
        kind: Kind = "text"
        if (mark := _ITEM.match(text)) and len(text) <= LONGEST:  # a numbered clause is a paragraph
            kind, text = "item", f"{mark[1]}. {text[mark.end() :]}" if mark[1] else f"- {text[mark.end() :]}"
        return Block(kind, text, page=first.page)


def _joined(lines: Sequence[str]) -> str:
    """Lines as one text: words that were parted at a line's end are whole again."""
    text = lines[0]
    for line in lines[1:]:
        if _BROKEN_WORD.search(text) and line[:1].islower():
            text = text[:-1] + line
        elif _CJK.match(text[-1:]) and _CJK.match(line[:1]):
            text += line
        else:
            text = f"{text} {line}"
    return text
