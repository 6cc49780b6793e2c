"""Whether a value read from JSON holds what its class says: texts where texts belong, numbers likewise.

Knows the annotations of our frozen values; nothing of requests. Reading events (bot.dialogue.wire) trusts who
wrote them; an outside program is not trusted with types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any

_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, NoneType),
    "int": (int,),
    "int | None": (int, NoneType),
    "float": (int, float),
    "float | None": (int, float, NoneType),
    "bool": (bool,),
    "dict[str, Any]": (dict,),
    "Mapping[str, Any] | None": (Mapping, NoneType),
}


def is_sound(value: Any) -> bool:
    """True also of what has no annotation that is known here, such as a slot's value."""
    if isinstance(value, tuple):
        return all(is_sound(item) for item in value)
    if not is_dataclass(value):
        return True
    return all(
        isinstance(getattr(value, field.name), _KINDS.get(str(field.type), (object,)))
        and is_sound(getattr(value, field.name))
        for field in fields(value)
    )
