"""Entity marks in example texts: `[text](entity)`, `[text](entity:value)`, `[text]{"entity": …}`,
`[text][{…}, {…}]`.

Knows Rasa 3.6's markup (rasa/shared/nlu/training_data/entities_parser.py) and reads it alike, offsets in code
points of the plain text; knows no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.reading import Entity

_MARK = re.compile(
    r"\[(?P<text>[^\]]+?)\]"
    r"(?:\((?P<entity>[^:)]+?)(?::(?P<value>[^)]+))?\)|\{(?P<one>[^}]+?)\}|\[(?P<many>\s*\{.*?\}\s*)\])"
)
_KINDS: Mapping[str, tuple[type, ...]] = {"value": (str, int, float), "role": (str,), "group": (str,)}
KEYS = ("entity", *_KINDS)


class AnnotationError(ValueError):
    """A mark that looks like an entity and cannot be read; the message says which and why."""


def parse(annotated: str) -> tuple[str, tuple[Entity, ...]]:
    """The plain text and its entities, in order. Raises AnnotationError."""
    plain: list[str] = []
    found: list[Entity] = []
    length = after = 0
    for match in _MARK.finditer(annotated):
        between = annotated[after : match.start()]
        start = length + len(between)
        length = start + len(match["text"])
        plain += (between, match["text"])
        found += (_entity(details, match["text"], start) for details in _details(match))
        after = match.end()
    return "".join((*plain, annotated[after:])), tuple(found)


def passed_over(annotated: str) -> tuple[str, ...]:
    """The keys in details of entities that mean nothing. Raises AnnotationError as `parse` does."""
    keys = (key for match in _MARK.finditer(annotated) for details in _details(match) for key in details)
    return tuple(dict.fromkeys(key for key in keys if key not in KEYS))


def annotate(text: str, entities: tuple[Entity, ...]) -> str:
    """The marked text that `parse` reads back. Entities must not overlap, except several over the same span.

    Raises AnnotationError where the markup cannot say it: brackets in a mention, a brace in a value,
    overlaps.
    """
    spans: dict[tuple[int, int], list[Entity]] = {}
    for entity in sorted(entities, key=lambda item: (item.start or 0, item.end or 0)):
        if entity.start is None or entity.end is None:
            raise AnnotationError(f"the entity {entity.name} has no place in the text")
        spans.setdefault((entity.start, entity.end), []).append(entity)
    parts: list[str] = []
    after = 0
    for (start, end), many in spans.items():
        if start < after:
            raise AnnotationError("entities overlap")
        parts += (text[after:start], _mark(text[start:end], many))
        after = end
    marked = "".join((*parts, text[after:]))
    if parse(marked)[0] != text:
        raise AnnotationError("this text cannot be marked")
    return marked


def _details(match: re.Match[str]) -> list[dict[str, Any]]:
    if match["entity"]:
        return [{"entity": match["entity"], "value": match["value"] or match["text"]}]
    body = "[{" + match["one"] + "}]" if match["one"] else "[" + match["many"] + "]"
    try:
        many = json.loads(body)
    except json.JSONDecodeError as error:
        raise AnnotationError(f"the details of `[{match['text']}]` are not JSON ({error.msg})") from error
    for details in many:
        if not isinstance(details.get("entity"), str) or not details["entity"]:
            raise AnnotationError(f'the details of `[{match["text"]}]` lack "entity"')
        for key, kinds in _KINDS.items():
            if key in details and not isinstance(details[key], kinds):
                raise AnnotationError(f'the details of `[{match["text"]}]` have a "{key}" that is no text')
    return list(many)


def _entity(details: dict[str, Any], mention: str, start: int) -> Entity:
    return Entity(
        name=details["entity"],
        value=details.get("value", mention),
        start=start,
        end=start + len(mention),
        role=details.get("role"),
        group=details.get("group"),
    )


def _mark(mention: str, entities: list[Entity]) -> str:
    if not mention or "]" in mention or "[" in mention:
        raise AnnotationError("a mention must not be empty or hold brackets")
    if len(entities) == 1 and _is_simple(entities[0], mention):
        return f"[{mention}]({entities[0].name})"
    written = [json.dumps(_shown(entity, mention), ensure_ascii=False) for entity in entities]
    if any("{" in body[1:-1] or "}" in body[1:-1] or "]" in body for body in written):
        raise AnnotationError("a value must not hold braces or brackets")
    return f"[{mention}]{written[0]}" if len(written) == 1 else f"[{mention}][{', '.join(written)}]"


def _is_simple(entity: Entity, mention: str) -> bool:
    named = re.fullmatch(r"[^:()\[\]{}]+", entity.name) is not None
    return named and entity.value == mention and entity.role is None and entity.group is None


def _shown(entity: Entity, mention: str) -> dict[str, Any]:
    pairs = {"entity": entity.name, "role": entity.role, "group": entity.group}
    shown = {key: value for key, value in pairs.items() if value is not None}
    return shown if entity.value == mention else {**shown, "value": entity.value}
