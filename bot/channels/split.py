"""Cuts a long text into messages that a platform takes, at the best place there is.

Knows lengths in UTF-16 units, as messaging platforms count; nothing of any platform.
"""

from __future__ import annotations

import re

# Where a text may be cut, best first; the cut comes after the match. `$` stands for a space just beyond.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?](?:\s|$)|[。！？；]"),
    re.compile(r"\s|$"),
)


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` units (2 or more), in order; only space at the cuts is lost."""
    pieces = []
    rest = text.strip()
    while units(rest) > limit:
        end = _longest(rest, limit)
        cut = _cut(rest[:end], before_space=rest[end].isspace())
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _longest(text: str, limit: int) -> int:
    """How many characters from the start fit."""
    used = 0
    for place, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return place
    return len(text)


def _cut(head: str, *, before_space: bool) -> int:
    """Where to cut `head`: the last good place in its second half, else its end."""
    for pattern in _CUTS:
        ends = [found.end() for found in pattern.finditer(head)]
        good = [end for end in ends if end > len(head) // 2 and (end < len(head) or before_space)]
        if good:
            return good[-1]
    return len(head)
