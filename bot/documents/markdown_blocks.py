"""Markdown as blocks: made HTML, with the line of each block, and read as that.

Knows CommonMark with tables (markdown-it-py) and front matter; HTML within Markdown is HTML.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from bot.documents.block import Document
from bot.documents.html_blocks import read_html
from bot.documents.html_walk import LINE

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_FENCED = re.compile(r"^[ \t]*:::.*$|^[ \t]*[!?]{3}\+?[ \t]+\w+[ \t]*(?:\"(.*)\")?$", re.MULTILINE)


def read_markdown(text: str, name: str) -> Document:
    """The document of a Markdown text. Raises nothing: any text is Markdown."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT.match(text)
    title = _TITLE.search(front[1]) if front else None
    if front:
        text = "\n" * front[0].count("\n") + text[front.end() :]
    text = _FENCED.sub(
        lambda match: match[1] or "", text
    )  # marks of notes and warnings, as site makers have them
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.map and token.nesting >= 0:
            token.attrSet(LINE, str(token.map[0] + 1))
    page = parser.renderer.render(tokens, parser.options, {})
    return read_html(page, name, title=title[1] if title else "", made=True)
