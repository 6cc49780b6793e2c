"""Letters that a file escapes outside YAML's own rules.

Knows `\\u00e9` and pairs of surrogates, as JSON and many exporters write them; knows no YAML.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"(?<!\\)(?P<before>(?:\\\\)*)"
    r"(?:\\u(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})|\\u(?P<one>[0-9a-f]{4}))",
    re.IGNORECASE,
)


def unescaped(text: str) -> str:
    """The text with its `\\u…` as letters where it is ASCII alone, as Rasa reads it (rasa.shared.utils.io,
    read_yaml): so an emoji may be written as a pair of surrogates, of which YAML knows nothing. What is no
    letter or sign that can be seen stays as it is written.
    """
    return _ESCAPE.sub(_letter, text) if text.isascii() else text


def _letter(found: re.Match[str]) -> str:
    codes = [int(found[name], 16) for name in ("high", "low", "one") if found[name]]
    letter = chr(0x10000 + (codes[0] - 0xD800) * 0x400 + codes[1] - 0xDC00 if len(codes) > 1 else codes[0])
    return found["before"] + letter if letter.isprintable() and not letter.isascii() else found[0]
