"""Reads `data/sentiment.csv`: messages of a project's own customers, labelled by mood.

Knows the two columns and the four labels; learns nothing from them (training does).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.errors import SourceUnreadable
from bot.project.report import Place, Report
from bot.project.table import read_table

FILE = "data/sentiment.csv"
LABELS = ("angry", "negative", "neutral", "positive")
_COLUMNS = ("text", "label")


@dataclass(frozen=True, slots=True)
class Mood:
    """A message and how it sounds, one of LABELS."""

    text: str
    label: str


def read_moods(folder: Path, report: Report) -> tuple[Mood, ...]:
    """The rows of the project's file in their order; none where it has no such file."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        table = read_table(path, known=_COLUMNS)
    except SourceUnreadable as error:
        report.unreadable(Place(FILE), str(error), "Save it as CSV in UTF-8, with the columns text,label.")
        return ()
    missing = [column for column in _COLUMNS if column not in table.columns]
    if missing:
        report.unreadable(
            Place(FILE), f"The column {', '.join(missing)} is missing.", "Write the header `text,label`."
        )
        return ()
    found = []
    for row in table.rows:
        said, label = str(row.cells.get("text") or "").strip(), str(row.cells.get("label") or "").strip()
        if row.problem or not said or label not in LABELS:
            wrong = row.problem or ("The text is empty." if not said else f"There is no label `{label}`.")
            report.error(Place(FILE, row.line), wrong, f"Write a message and one of {', '.join(LABELS)}.")
        else:
            found.append(Mood(said, label))
    return tuple(found)
