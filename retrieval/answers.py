"""An answer template as a value, and the JSON Lines file that holds many.

Knows nothing of vectors, indexes or where the live templates are stored.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from retrieval.errors import AnswerInvalid


@dataclass(frozen=True, slots=True)
class Source:
    """The place in a document that an answer's text was taken from. `headings` lead to it, outermost first;
    `page` or `line` count from 1; `fingerprint` tells whether the text is still as it was taken."""

    file: str
    headings: tuple[str, ...] = ()
    page: int | None = None
    line: int | None = None
    fingerprint: str = ""

    def __str__(self) -> str:
        place = f"#page={self.page}" if self.page else f":{self.line}" if self.line else ""
        return self.file + place + (f" ({' > '.join(self.headings)})" if self.headings else "")

    def to_json(self) -> dict[str, Any]:
        """The source as one JSON object, without what is not known."""
        told = {"file": self.file, "headings": list(self.headings), "page": self.page, "line": self.line}
        return {key: value for key, value in {**told, "fingerprint": self.fingerprint}.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """One stored answer: its text and the questions it answers, per language code.

    `valid_from` and `valid_to` are inclusive days; `audience` empty means everyone; `taken_from` is where an
    imported text stands.
    """

    id: str
    text: Mapping[str, str]
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vetted: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    audience: frozenset[str] = frozenset()
    taken_from: Source | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether the answer may be given on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def is_for(self, audience: str | None) -> bool:
        """Whether the answer may be given to that audience; None asks only for answers open to everyone."""
        return not self.audience or audience in self.audience

    def variants(self) -> tuple[tuple[str, str], ...]:
        """Every searchable wording as (language, wording): questions first, then the texts."""
        questions = [(lang, q) for lang, many in self.questions.items() for q in many if q.strip()]
        return (*questions, *((lang, text) for lang, text in self.text.items() if text.strip()))

    def to_json(self) -> dict[str, Any]:
        """The answer as the JSON object of answers.jsonl."""
        row: dict[str, Any] = {
            "id": self.id,
            "text": dict(self.text),
            "questions": {lang: list(many) for lang, many in self.questions.items()},
            "vetted": self.vetted,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }
        if self.audience:
            row["audience"] = sorted(self.audience)
        if self.taken_from:
            row["taken_from"] = self.taken_from.to_json()
        return row


def answer_from_json(row: Any) -> Answer:
    """Reads one object of answers.jsonl. Raises AnswerInvalid naming the field at fault."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise AnswerInvalid("An answer needs a text field `id`.")
    text, questions = row.get("text"), row.get("questions") or {}
    if not isinstance(text, dict) or not text or not all(isinstance(t, str) for t in text.values()):
        raise AnswerInvalid(f"Answer {row['id']}: `text` must map a language code to the text of the answer.")
    if not isinstance(questions, dict) or not all(_is_texts(many) for many in questions.values()):
        raise AnswerInvalid(f"Answer {row['id']}: `questions` must map a language code to a list of texts.")
    audience = row.get("audience") or []
    if not _is_texts(audience):
        raise AnswerInvalid(f"Answer {row['id']}: `audience` must be a list of names.")
    return Answer(
        id=row["id"],
        text=dict(text),
        questions={lang: tuple(many) for lang, many in questions.items()},
        vetted=row.get("vetted") is True,
        valid_from=_day(row, "valid_from"),
        valid_to=_day(row, "valid_to"),
        audience=frozenset(audience),
        taken_from=_source(row),
    )


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Reads answers.jsonl. Raises AnswerInvalid with the line number; an id may appear once."""
    answers: dict[str, Answer] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            answer = answer_from_json(json.loads(line))
        except (json.JSONDecodeError, AnswerInvalid) as error:
            raise AnswerInvalid(f"{path.name} line {number}: {error}") from error
        if answer.id in answers:
            raise AnswerInvalid(
                f"{path.name} line {number}: the id {answer.id} appears twice; ids are unique."
            )
        answers[answer.id] = answer
    return tuple(answers.values())


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Writes answers.jsonl, one answer a line, in the order given."""
    lines = [json.dumps(a.to_json(), ensure_ascii=False, sort_keys=True) + "\n" for a in answers]
    path.write_text("".join(lines), encoding="utf-8")


def _source(row: dict[str, Any]) -> Source | None:
    found = row.get("taken_from")
    if found is None:
        return None
    headings = found.get("headings") or [] if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("file"), str) or not _is_texts(headings):
        problem = "`taken_from` must name a `file`, and perhaps a list of `headings`."
        raise AnswerInvalid(f"Answer {row['id']}: {problem}")
    page, line = (count if isinstance(count := found.get(key), int) else None for key in ("page", "line"))
    return Source(found["file"], tuple(headings or ()), page, line, str(found.get("fingerprint") or ""))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _day(row: dict[str, Any], key: str) -> date | None:
    value = row.get(key)
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError as error:
        raise AnswerInvalid(f"Answer {row['id']}: `{key}` is no ISO date (2026-01-31): {value!r}.") from error
