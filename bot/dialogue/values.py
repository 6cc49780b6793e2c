"""Values that slots take: a yes, a number or a choice out of a customer's words.

Knows a slot's type; not which words were meant for it. Pure.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from bot.dialogue.domain import Slot, SlotType
from bot.dialogue.phrases import NO, YES

_NUMBER = re.compile(r"[-+]?\d[\d,. ]*")
# A no and what follows it. Not so a yes: "yes, but" lets nothing be done.
_NO_BECAUSE = re.compile(r"(?:no|nope|nah)(?:\s*,|\s+(?:i|we|it|that)\b)|(?:不|不是|不对|不要|不用|不行)\s*,")
_HAN = re.compile("[\u3400-\u9fff]")
_GROUPED = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")


def fitting(slot: Slot, value: Any) -> Any:
    """The value as the slot's type has it, None where it is none."""
    match slot.type:
        case SlotType.BOOL:
            return _truth(value)
        case SlotType.FLOAT:
            return _number(value)
        case SlotType.CATEGORICAL:
            return _choice(slot.values, value)
        case _:
            return value


def folded(value: Any) -> str:
    """A text as two that mean the same are alike: without case, width and the signs at its ends."""
    return unicodedata.normalize("NFKC", str(value)).casefold().strip(" .!?,;:。！？，；：")


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    said = folded(value)
    if said in YES:
        return True
    return False if said in NO or _NO_BECAUSE.match(said) else None


def _number(value: Any) -> float | None:
    """The one number in a text; several are none."""
    if isinstance(value, bool):
        return None
    if not isinstance(value, (int, float)):
        found = [match[0] for match in _NUMBER.finditer(_GROUPED.sub("", folded(value)))]
        value = found[0].strip().rstrip(".,").replace(",", ".") if len(found) == 1 else ""
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _choice(values: tuple[str, ...], value: Any) -> str | None:
    """The value that the text is, or the only one that it holds."""
    said = folded(value)
    known = {folded(each): each for each in values}
    if said in known:
        return known[said]
    held = [each for name, each in known.items() if name and stands_in(name, said)]
    return held[0] if len(held) == 1 else None


def stands_in(words: str, text: str) -> bool:
    """Whether these words stand in a text by themselves; Chinese leaves no spaces around them."""
    before = "" if _HAN.match(words[:1]) else r"(?<!\w)"
    behind = "" if _HAN.match(words[-1:]) else r"(?!\w)"
    return re.search(f"{before}{re.escape(words)}{behind}", text) is not None
