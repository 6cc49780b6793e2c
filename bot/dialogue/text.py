"""The customer's text as the engine takes it in: normalised, bounded, and `/intent{json}` payloads told from
plain words.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from bot.dialogue.reading import Entity

LONGEST = 4000  # code points; what is beyond is cut before any model sees it
_PAYLOAD = re.compile(r"^/(?P<intent>[\w\-./+]+)(?:@[0-9.]+)?\s*(?P<rest>\{.*)?$", re.DOTALL)
_INVISIBLE = dict.fromkeys(
    [
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0x2066, 0x206A),
        0xFEFF,
        0x00AD,
    ]
)


@dataclass(frozen=True, slots=True)
class Payload:
    intent: str
    entities: tuple[Entity, ...] = ()


def normalise(text: str) -> str:
    """NFC, without zero-width, bidi-override and control characters, spaces collapsed, at most LONGEST code
    points.
    """
    visible = unicodedata.normalize("NFC", text[: 2 * LONGEST]).translate(_INVISIBLE)
    spaced = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in visible)
    return " ".join(spaced.split())[:LONGEST]


def parse_payload(text: str) -> Payload | None:
    """The intent and entities that a button's payload names, or None for anything else.

    Entities that cannot be read are left out, and so is what stands behind them, as in Rasa
    (YAMLStoryReader.unpack_regex_message of 3.6).
    """
    found = _PAYLOAD.match(text.strip())
    if not found:
        return None
    entities = tuple(
        Entity(name=str(name), value=item, extractor="payload")
        for name, value in _values(found["rest"] or "").items()
        for item in (value if isinstance(value, list) else [value])
    )
    return Payload(found["intent"], entities)


def _values(rest: str) -> dict[str, Any]:
    try:
        values = json.loads(rest[: rest.rfind("}") + 1])
    except (ValueError, RecursionError):  # the latter nests deeper than anybody means
        return {}
    return values if isinstance(values, dict) else {}
