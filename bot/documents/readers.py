"""Which file is read how: a table by ending, with what is said of files that are not read.

Knows endings, sizes and what a file must begin with; what is in it is its reader's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Literal

from bot.documents.block import Block, Document
from bot.documents.docx_blocks import read_docx
from bot.documents.html_blocks import read_html
from bot.documents.markdown_blocks import read_markdown
from bot.documents.pdf_blocks import read_pdf
from bot.errors import SourceUnreadable
from bot.project.table import decode

LARGEST = 50
"""MiB that a document may have unless told otherwise; a DOCX may unpack to twice as much."""

ENDINGS: Mapping[str, Literal["markdown", "html", "docx", "pdf"]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pdf": "pdf",
}
_READ = "Markdown (.md), HTML (.html), Word (.docx) and PDF (.pdf) are read"
_MEND = {
    **dict.fromkeys((".doc", ".odt", ".rtf", ".pages"), "save it as DOCX or PDF"),
    **dict.fromkeys(
        (".csv", ".tsv", ".json", ".jsonl", ".ndjson"), "a table is imported by itself, with its own name"
    ),
    **dict.fromkeys((".rst", ".adoc", ".txt"), "save it as Markdown"),
    **dict.fromkeys((".ppt", ".pptx", ".xls", ".xlsx"), "save it as PDF"),
}
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_HEAD = 2048
# Signs that nobody sees, soft hyphens among them, and halves of characters, which no file can hold.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff]")


def why_not_read(ending: str) -> str:
    """What is said of files with an ending that is not in the table."""
    what = f"files that end in {ending} are" if ending else "files without an ending are"
    mend = _MEND.get(ending)
    return f"{what} not read" + (f"; {mend}" if mend else "")


def read_document(path: Path, name: str, *, largest: int = LARGEST, encoding: str | None = None) -> Document:
    """The document in a file of at most `largest` MiB, called `name` in messages. Raises SourceUnreadable."""
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise SourceUnreadable(f"{name} is no document: {why_not_read(path.suffix.lower())}. {_READ}.")
    try:
        size = path.stat().st_size
        if size > largest * 2**20:
            raise SourceUnreadable(
                f"{name} has {size / 2**20:,.0f} MiB, above {largest}. Split it; if it is to be read as it "
                f"is, raise the limit: --largest {-(-size // 2**20)}."
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceUnreadable(f"{name} cannot be read ({error.strerror}).") from error
    if kind == "pdf":
        document = read_pdf(data, name)
    elif kind == "docx":
        document = read_docx(data, name, largest=2 * largest * 2**20)
    else:
        text = _text(data, name, encoding, html=kind == "html")
        document = read_html(text, name) if kind == "html" else read_markdown(text, name)
    if not any(block.kind not in ("heading", "end") for block in document.blocks):
        raise SourceUnreadable(f"{name} holds no text. Leave it out, or see whether it was saved whole.")
    title = document.title or PurePath(name).stem.replace("_", " ").replace("-", " ")
    return Document(name, _clean(title), tuple(_clean_block(block) for block in document.blocks))


def _clean_block(block: Block) -> Block:
    return replace(block, text=_clean(block.text), lead=_clean(block.lead))


def _clean(text: str) -> str:
    return _UNSEEN.sub("", text)


def _text(data: bytes, name: str, encoding: str | None, *, html: bool) -> str:
    """A page's own word about its encoding counts where it is not UTF-8."""
    text, used = decode(data, name, encoding)
    named = _CHARSET.search(data[:_HEAD]) if html and not encoding and not used.startswith("utf") else None
    if named:
        with suppress(UnicodeDecodeError, LookupError):  # a page that errs about itself: the guess stands
            text = data.decode(named[1].decode())
    if data.startswith((b"%PDF-", b"PK\x03\x04")) or "\0" in text:
        raise SourceUnreadable(f"{name} holds no text but binary data. Give it the ending of what it is.")
    return text
