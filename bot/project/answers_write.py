"""Writes answers as YAML that people can read and edit, and that `answers_file` reads back unchanged.

Knows the format; decides nothing about what is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.project.yaml_write import to_yaml
from retrieval.answers import Answer


def write_answers(path: Path, answers: Iterable[Answer], *, comment: str) -> None:
    """Replaces the file in one step, so that a reader never sees half of it."""
    body = {"answers": [_entry(answer) for answer in answers]}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(f"# {comment}\n{to_yaml(body)}", encoding="utf-8")
    os.replace(beside, path)


def _entry(answer: Answer) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": answer.id, "vetted": answer.vetted}
    if answer.valid_from:
        entry["valid_from"] = answer.valid_from.isoformat()
    if answer.valid_to:
        entry["valid_to"] = answer.valid_to.isoformat()
    if answer.audience:
        entry["audience"] = sorted(answer.audience)
    entry["text"] = dict(answer.text)
    entry["questions"] = {language: list(many) for language, many in answer.questions.items()}
    if answer.taken_from:
        entry["taken_from"] = answer.taken_from.to_json()
    return entry
