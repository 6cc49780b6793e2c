"""A Word document as blocks: headings by their styles, lists, tables; no pictures, no deleted or hidden text.

Knows WordprocessingML as python-docx opens it. What a DOCX unpacks to is weighed before anything is unpacked.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from bot.documents.block import LOWEST, Block, Document, Kind, like_heading, row, tidy
from bot.errors import SourceUnreadable

_OLD = b"\xd0\xcf\x11\xe0"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_LEFT_OUT = frozenset(
    map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:instrText", "w:drawing", "w:pict", "w:object"))
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"}
_SPACES = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ROW_HEAD = 60


def read_docx(data: bytes, name: str, *, largest: int) -> Document:
    """The document of a DOCX. Raises SourceUnreadable, also where it would unpack to more than `largest`
    bytes."""
    if data.startswith(_OLD):
        message = f"{name} has a password, or is in Word's old format. Save it as DOCX without a password."
        raise SourceUnreadable(message)
    _weigh(data, name, largest)
    broken = f"{name} is no Word document, or broken. Open it in Word and save it anew as DOCX."
    try:
        opened = docx.Document(io.BytesIO(data))
        blocks = tuple(_blocks(opened.element.body, opened))
        title = opened.core_properties.title or ""
    except Exception as error:  # what a broken file makes of the libraries beneath is without bound
        raise SourceUnreadable(broken) from error
    return Document(name, title.strip(), blocks)


def _weigh(data: bytes, name: str, largest: int) -> None:
    """Refuses what is no archive, or unpacks to too much; zipfile unpacks no more than what is declared."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError) as error:
        message = f"{name} is no Word document, or broken. Open it in Word and save it anew as DOCX."
        raise SourceUnreadable(message) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > largest:
        raise SourceUnreadable(
            f"{name} would unpack to {unpacked / 2**20:,.0f} MiB, above {largest / 2**20:,.0f} MiB. Take "
            "large pictures out of it; if it is to be read as it is, raise the limit with --largest."
        )
    if any(part.flag_bits & 1 or part.compress_type not in _PACKED for part in parts):
        raise SourceUnreadable(f"{name} is packed as no Word document is. Save it anew as DOCX.")


def _blocks(parent: Any, opened: Any) -> Iterator[Block]:
    number = 0
    for element in parent.iterchildren():
        if element.tag == qn("w:p"):
            block = _paragraph(Paragraph(element, opened), number)
            number = number + 1 if block and re.match(r"\d+\. ", block.text) and block.kind == "item" else 0
            if block:
                yield block
        elif element.tag == qn("w:tbl"):
            yield from _table(Table(element, opened))
        elif element.tag not in _LEFT_OUT:
            yield from _blocks(element, opened)  # content controls and insertions hold blocks of their own


def _paragraph(paragraph: Paragraph, number: int) -> Block | None:
    text = tidy(_words(paragraph._p))
    names = list(_styles(paragraph))
    first = names[0] if names else ""
    if not text or first.lower().startswith("toc"):
        return None
    if level := _level(paragraph, names):
        return Block("heading", text.replace("\n", " "), level=level)
    if any(name.startswith("List Number") for name in names):
        return Block("item", f"{number + 1}. {text}")
    kind: Kind = "text"
    if any(name.startswith("List") for name in names) or _property(paragraph, "w:numPr") is not None:
        kind, text = "item", f"- {text}"
    elif like_heading(text) and _is_bold(paragraph):
        return Block("heading", text, level=LOWEST)
    return Block(kind, text)


def _styles(paragraph: Paragraph) -> Iterator[str]:
    """The paragraph's style and those that it is based on, by name; Word's own are English in every file."""
    style: Any = paragraph.style
    for _ in range(10):
        if style is None:
            return
        yield style.name or ""
        style = style.base_style


def _level(paragraph: Paragraph, names: list[str]) -> int:
    """The level of a heading, 0 for other paragraphs."""
    for name in names:
        if name == "Title":
            return 1
        if found := _HEADING.match(name):
            return int(found[1]) + 1  # below the title
    outline = _property(paragraph, "w:outlineLvl")
    value = outline.get(qn("w:val")) if outline is not None else None
    return int(value) + 2 if value in tuple("012345678")[:6] else 0


def _property(paragraph: Paragraph, name: str) -> Any:
    properties = paragraph._p.pPr
    return None if properties is None else properties.find(qn(name))


def _is_bold(paragraph: Paragraph) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(run.bold for run in runs)


def _words(element: Any) -> Iterator[str]:
    """The text as it is read: without deletions, fields' codes, pictures, and what is hidden."""
    for child in element.iterchildren():
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _SPACES:
            yield _SPACES[child.tag]
        elif child.tag in _LEFT_OUT or (child.tag == qn("w:r") and _is_hidden(child)):
            continue
        else:
            yield from _words(child)


def _is_hidden(run: Any) -> bool:
    return run.find(f"{qn('w:rPr')}/{qn('w:vanish')}") is not None


def _table(table: Table) -> Iterator[Block]:
    """Rows under the heads of the first one, where that looks like heads."""
    rows = [cells for cells in map(_cells, table.rows) if any(cells)]
    heads: list[str] = []
    if len(rows) > 1 and len(rows[0]) > 1 and all(len(cell) <= _ROW_HEAD for cell in rows[0]):
        heads, rows = rows[0], rows[1:]
    for cells in rows:
        yield row(heads, cells)


def _cells(of: _Row) -> list[str]:
    """The words of a row's cells; one that spans columns speaks in the first of them."""
    cells = [cell._tc for cell in of.cells]
    return [
        "" if number and cell is cells[number - 1] else " ".join(tidy(_words(cell)).split("\n"))
        for number, cell in enumerate(cells)
    ]
