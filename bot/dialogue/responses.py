"""Domain responses: picks the variation that fits and fills its slots.

As Rasa's generator does (rasa.core.nlg.response, interpolator): conditional variations before plain ones,
channel-specific ones before general ones; the pick among equals comes from the message's seed, so the same
turn says the same. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.domain import Domain, SlotCondition, Variation
from bot.dialogue.events import BotSaid, Origin
from bot.dialogue.message import Button
from bot.dialogue.phrases import PHRASES

ARGUMENTS = "arguments"  # in the metadata of a message: what an action gave for the response server to fill
_FIELD = re.compile(r"\{([^{}\n\"']+)\}")
_DOUBLED = re.compile(r"\{\{|\}\}|" + _FIELD.pattern)


def render(
    domain: Domain,
    name: str,
    *,
    slots: Mapping[str, Any],
    channel: str,
    language: str,
    seed: int,
    at: float,
    fields: Mapping[str, Any] | None = None,
) -> BotSaid | None:
    """The message that response `name` gives here; None where neither the domain nor the engine has one. One
    that a response server alone has is a message by name, without words.
    """
    fits = _fitting(domain.responses.get(name, ()), slots, channel)
    values = {**slots, **(fields or {})}
    if not fits:
        phrase = PHRASES.get(name, {})
        text = phrase.get(language) or phrase.get("en")
        elsewhere = domain.response_server and name in domain.actions
        said = BotSaid(at=at, text=fill(text, values) if text else None, response=name)
        return said if text or elsewhere else None
    chosen = fits[_pick(seed, name, len(fits))]
    return BotSaid(
        at=at,
        text=fill(chosen.text, values) if chosen.text else None,
        buttons=tuple(
            Button(str(fill(item["title"], values)), str(fill(item.get("payload", item["title"]), values)))
            for item in chosen.buttons
        ),
        image=fill(chosen.image, values),
        attachment=fill(chosen.attachment, values),
        custom=fill(chosen.custom, values),
        elements=tuple(fill(element, values) for element in chosen.elements),
        origin=Origin.RESPONSE,
        response=name,
        metadata={**chosen.metadata, **({"id": chosen.id} if chosen.id else {})},
    )


def fill(value: Any, fields: Mapping[str, Any]) -> Any:
    """`{name}` replaced by its field, inside texts, lists and mappings; an unknown name is left as
    written. In a text that has it, `{{` stands for one brace, as in Rasa.
    """
    match value:
        case str():
            pattern = _DOUBLED if "{{" in value else _FIELD
            return pattern.sub(lambda found: _shown(found, fields), value)
        case list():
            return [fill(item, fields) for item in value]
        case Mapping():
            return {key: fill(item, fields) for key, item in value.items()}
        case _:
            return value


def _shown(found: re.Match[str], fields: Mapping[str, Any]) -> str:
    name = found.group(1)
    if name is None:  # a doubled brace
        return found.group(0)[0]
    return shown(fields[name]) if name in fields else found.group(0)


def shown(value: Any) -> str:
    """A slot's value as customers read it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _fitting(variations: tuple[Variation, ...], slots: Mapping[str, Any], channel: str) -> list[Variation]:
    usable = [
        variation
        for variation in variations
        if variation.channel in (None, channel)
        and all(_holds(condition, slots) for condition in variation.conditions)
    ]
    for preferred in (
        [v for v in usable if v.conditions and v.channel],
        [v for v in usable if v.conditions],
        [v for v in usable if v.channel],
    ):
        if preferred:
            return preferred
    return usable


def _holds(condition: SlotCondition, slots: Mapping[str, Any]) -> bool:
    return bool(slots.get(condition.name) == condition.value)


def _pick(seed: int, name: str, size: int) -> int:
    """A choice that is spread over the variations, yet the same for the same message and response."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % size
