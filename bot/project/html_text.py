"""Flattens HTML to the plain text a chat can show.

Knows tags, not pages: lists become dashes, links keep their address, scripts and styles fall away.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "div",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    }
)
_HIDDEN = frozenset({"script", "style", "head", "template", "noscript"})
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "br",
        "code",
        "em",
        "font",
        "i",
        "img",
        "li",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "td",
        "th",
        "u",
    }
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(\s[^<>]*)?/?>")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")


def flatten(text: str) -> str:
    """The text without tags and entities, in tidy lines. A text that holds no known tag keeps its `<` and
    `>`."""
    if any(match[1].lower() in _BLOCKS | _INLINE | _HIDDEN for match in _TAG.finditer(text)):
        parser = _Flattener()
        parser.feed(text)
        parser.close()
        text = parser.text
    else:
        text = html.unescape(text)
    lines = [
        _SPACES.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Flattener(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden = 0
        self._links: list[tuple[str, int]] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag in _BLOCKS:
            self._parts.append("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self._parts.append(
                "\n" if tag in ("tr", "dt", "dd") else "\n\n" if tag in ("p", "ul", "ol") else "\n"
            )
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            shown = "".join(self._parts[start:])
            if address.startswith(("http://", "https://")) and address not in shown:
                self._parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(re.sub(r"\s+", " ", data))
