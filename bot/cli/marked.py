"""Marked examples as the lines that training reads: from Rasa's YAML, or as they are from JSON lines.

Knows both shapes; measures nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

from bot.errors import Level, ProjectError
from bot.project.nlu_file import read_nlu
from bot.project.node import entries
from bot.project.report import Report
from bot.project.yaml import read_yaml


def marked_lines(path: Path, folder: Path) -> Path:
    """The file itself, or for YAML one in `folder` with a line {text, entities} for each example. Raises
    ProjectError.
    """
    if path.suffix not in (".yml", ".yaml"):
        return path
    report = Report()
    top = read_yaml(path, path.name, report)
    section = entries(top, path.name, report).get("nlu")
    nlu, _ = read_nlu([section] if section else [], ("en", "zh"), report)
    if any(finding.level is Level.ERROR for finding in report.findings):
        raise ProjectError(report.findings)
    lines = folder / f"{path.stem}.jsonl"
    rows = (
        {
            "text": example.text,
            "entities": [
                {"start": e.start, "end": e.end, "entity": e.name, "role": e.role, "group": e.group}
                for e in example.entities
            ],
        }
        for example in nlu.examples
    )
    body = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    lines.write_text(body, encoding="utf-8")
    return lines
