"""Reads symptoms.tsv: the symptoms the triage generator speaks of, their weights, and four ways to say each.

Knows the table's columns; no sentence and no model. The weights are the project's own rough ordering for a
demonstration, made without a clinician; they are no medical guideline and no source for one.

A weight runs from 0 (harmless) to 10 (call an ambulance). The last phrase of each language is never trained
on: it is what held-out figures are measured with. English phrases fit after "I have", Chinese after "我".
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, cast, get_args

from training.errors import CorpusInvalid

Course = Literal["sudden", "passing", "steady"]
"""How time changes it. sudden: worst when new; passing: heals alone, lasting is a sign; steady: neither."""

PHRASES = 4
HELD_OUT = 3


@dataclass(frozen=True, slots=True)
class Symptom:
    """One row of the table; `en` and `zh` are the ways to say it, the last one held out."""

    key: str
    weight: float
    course: Course
    en: tuple[str, ...]
    zh: tuple[str, ...]

    def phrases(self, language: str, ways: Sequence[int]) -> tuple[str, ...]:
        """The phrases at these places; `HELD_OUT` is the place never trained on."""
        found = self.zh if language == "zh" else self.en
        return tuple(found[way] for way in ways)


def read_symptoms() -> tuple[Symptom, ...]:
    """The rows of the table that ships with this package. Raises CorpusInvalid naming the line at fault."""
    text = (files("training") / "symptoms.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(_symptom(row, line) for line, row in enumerate(rows, 2))


def _symptom(row: dict[str, str], line: int) -> Symptom:
    weight, course = float(row["weight"]), row["course"]
    en, zh = (tuple(row[language].split("|")) for language in ("en", "zh"))
    if not 0 <= weight <= 10 or course not in get_args(Course) or {len(en), len(zh)} != {PHRASES}:
        raise CorpusInvalid(
            f"symptoms.tsv line {line}: weight 0 to 10, a known course, {PHRASES} phrases each."
        )
    return Symptom(row["key"], weight, cast(Course, course), en, zh)
