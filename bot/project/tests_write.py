"""Writes test conversations as a Rasa 3 test file, with a remark beside each step that has one.

Knows the same keys as bot.project.tests_file, which reads the file back; judges nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.dialogue.reading import Entity
from bot.project.annotations import AnnotationError, annotate
from bot.project.tests_file import (
    ConversationStep,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    UserTurn,
)

Remarked = tuple[ConversationStep, str | None]

_PLAIN = re.compile(r"[^\W\d]\w*(?:[ /.-]\w+)*\Z")
_NO_TEXTS = frozenset({"true", "false", "null"})


def stories_to_yaml(stories: Sequence[tuple[str, str, Sequence[Remarked]]], note: str) -> str:
    """A test file of these stories, each by its name, a word on where it is from, and its steps. `note` is a
    comment at the top.
    """
    lines = [f"# {note}", 'version: "3.1"', "", "stories:" if stories else "stories: []"]
    for name, source, steps in stories:
        lines += ["", f"- story: {_value(name)}  # {_comment(source)}", "  steps:"]
        for step, remark in steps:
            lines += _remarked(list(_lines(step)), remark)
    return "\n".join(lines) + "\n"


def _remarked(lines: list[str], remark: str | None) -> list[str]:
    """The remark stands beside the step, of a message beside its intent: in a text it would be part of it."""
    beside = len(lines) - 1 if lines[-1].startswith("    intent:") else 0
    if remark:
        lines[beside] += f"  # {_comment(remark)}"
    return lines


def _comment(text: str) -> str:
    return " ".join(char for char in " ".join(text.split()).split(" ") if char.isprintable())


def _lines(step: ConversationStep) -> Iterator[str]:
    match step:
        case UserTurn():
            yield from _message(step)
        case ExpectedAction(name=name):
            yield f"  - action: {_value(name)}"
        case ExpectedLoop(name=loop):
            yield f"  - active_loop: {_value(loop)}"
        case ExpectedSlot(name=name, any_value=True):
            yield f"  - slot_was_set: [{_value(name)}]"
        case ExpectedSlot(name=name, value=value):
            yield f"  - slot_was_set: [{{{_value(name)}: {_value(value)}}}]"
        case _:
            yield f"  - bot: {_value(step.text)}"


def _message(step: UserTurn) -> Iterator[str]:
    begin = "  - "
    if step.text is not None:
        annotated, listed = _annotated(step.text, step.entities)
        if _is_block(annotated):
            yield "  - user: |"
            yield from (f"      {line}".rstrip() for line in annotated.split("\n"))
        else:
            yield f"  - user: {_quoted(annotated)}"
        begin = "    "
    else:
        listed = step.entities
    if listed:
        yield f"{begin}entities: [{', '.join(map(_entity, listed))}]"
        begin = "    "
    if step.intent is not None:
        yield f"{begin}intent: {_value(step.intent)}"


def _annotated(text: str, entities: Sequence[Entity]) -> tuple[str, Sequence[Entity]]:
    """The text with its marks, and the entities that a list must tell because they have no place in it."""
    if not entities or text.startswith("/"):
        return text, ()
    try:
        return annotate(text, tuple(entities)), ()
    except AnnotationError:
        return text, entities


def _is_block(text: str) -> bool:
    """Whether a `|` block gives the text back: nothing but plain lines."""
    lines = text.split("\n")
    return text.splitlines() == lines and text == text.strip() and all(line.isprintable() for line in lines)


def _entity(entity: Entity) -> str:
    if entity.value == "" and entity.role is None and entity.group is None:
        return _value(entity.name)
    parts = [(entity.name, entity.value), ("role", entity.role), ("group", entity.group)]
    told = [f"{_value(key)}: {_value(value)}" for key, value in parts[:1] + [p for p in parts[1:] if p[1]]]
    return f"{{{', '.join(told)}}}"


def _value(value: Any) -> str:
    """A name as it is, everything else as JSON, which YAML reads alike."""
    if isinstance(value, str) and _PLAIN.match(value) and value.casefold() not in _NO_TEXTS:
        return value
    return _quoted(value)


def _quoted(value: Any) -> str:
    """JSON, with YAML's own escape for what is not printed: YAML knows no pairs of surrogates."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in text)
