"""Brings a FAQ table into a project as `answers/imported_SOURCE.yml`.

Knows which columns mean what and how rows become answers; hand-made answer files are never touched. Ids come
from the questions, so that importing again updates what is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import SourceUnreadable
from bot.project.answers_merge import Entry, merge_entries, slug
from bot.project.answers_target import (
    complete_project,
    earlier_answers,
    project_languages,
    target_of,
    write_imported,
)
from bot.project.html_text import flatten
from bot.project.language import guess_language, primary
from bot.project.table import Row, Table, read_table

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "question": (
        "question",
        "questions",
        "q",
        "query",
        "title",
        "faq",
        "prompt",
        "问题",
        "问",
        "提问",
        "標題",
        "标题",
    ),
    "answer": (
        "answer",
        "answers",
        "a",
        "response",
        "reply",
        "content",
        "body",
        "答案",
        "回答",
        "答",
        "回复",
    ),
    "id": ("id", "answer_id", "faq_id", "key", "编号"),
    "language": ("language", "lang", "locale", "语言"),
}
"""What a column may be called, by what it holds; the first name that a table has is taken."""

LONGEST_QUESTION = 1_000
LONGEST_ANSWER = 20_000
_LANGUAGES = {
    "english": "en",
    "chinese": "zh",
    "mandarin": "zh",
    "中文": "zh",
    "汉语": "zh",
    "英文": "en",
    "英语": "en",
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows. `taken` answers are new, `updated` and `unchanged` were there; `merged` rows
    joined another row's answer; `absent` answers of an earlier import were in no row this time and were
    kept. `refused` rows come with the reason. `file` is None where no row could be taken."""

    file: Path | None
    encoding: str
    languages: tuple[str, ...] = ()
    taken: int = 0
    merged: int = 0
    updated: int = 0
    unchanged: int = 0
    absent: int = 0
    other_language: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    unused_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        refused = [{"line": line, "reason": reason} for line, reason in self.refused]
        return {**asdict(self), "file": None if self.file is None else str(self.file), "refused": refused}


def import_answers(
    source: Path,
    project: Path,
    *,
    language: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    vetted: bool = True,
) -> ImportReport:
    """Imports the rows of `source`, those in `language` alone where it is given.

    `columns` names the table's columns for question, answer, id or language (`{"question": "Frage"}`);
    numbers (`{"question": "1", "answer": "2"}`) mean a table without a header. Raises SourceUnreadable where
    the source is no table, ProjectError where the project's answers cannot be read.
    """
    wanted = dict(columns or {})
    table = _read(source, wanted, encoding)
    found = _find_columns(table, wanted, source)
    languages = project_languages(project)
    gathered = _gather(table, found, languages, language)
    target = target_of(project, source.stem)
    existing, reserved = earlier_answers(project, target, languages)
    merged = merge_entries(gathered.entries, existing, reserved, vetted=vetted)
    if merged.taken or merged.updated:
        write_imported(target, merged.answers, source.name)
    added = complete_project(project, languages, gathered.languages) if gathered.entries else ()
    return ImportReport(
        file=target if gathered.entries else None,
        encoding=table.encoding,
        languages=tuple(sorted(gathered.languages)),
        taken=merged.taken,
        merged=merged.merged,
        updated=merged.updated,
        unchanged=merged.unchanged,
        absent=len(merged.absent),
        other_language=gathered.other_language,
        refused=tuple(gathered.refused),
        unused_columns=tuple(column for column in table.columns if column not in found.values()),
        notes=(*merged.notes, *added, *_encoding_note(table, encoding)),
    )


def _encoding_note(table: Table, named: str | None) -> tuple[str, ...]:
    if named is not None or not table.guessed:
        return ()
    return (f"Read as {table.encoding}, by its looks; if letters are wrong, name the encoding.",)


def _read(source: Path, wanted: Mapping[str, str], encoding: str | None) -> Table:
    strange = sorted(set(wanted) - set(COLUMNS))
    if strange:
        raise SourceUnreadable(f"There is no column kind `{strange[0]}`. Name one of {', '.join(COLUMNS)}.")
    known = [name for many in COLUMNS.values() for name in many] + [
        name.casefold() for name in wanted.values()
    ]
    header = not wanted or not all(name.isdigit() for name in wanted.values())
    return read_table(source, known=known, header=header, encoding=encoding)


@dataclass(slots=True)
class _Gathered:
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    languages: dict[str, int] = field(default_factory=dict)
    other_language: int = 0


def _find_columns(table: Table, wanted: Mapping[str, str], source: Path) -> dict[str, str]:
    """The table's column for each kind. Raises SourceUnreadable where question or answer is missing."""
    folded = {_folded(column): column for column in reversed(table.columns)}
    found: dict[str, str] = {}
    for kind, usual in COLUMNS.items():
        names = (wanted[kind],) if kind in wanted else usual
        column = next((folded[_folded(name)] for name in names if _folded(name) in folded), None)
        if column is not None and column not in found.values():
            found[kind] = column
        elif kind in wanted or kind in ("question", "answer"):
            has = ", ".join(f"`{column}`" for column in table.columns[:12])
            missing = f"column `{wanted[kind]}`" if kind in wanted else f"column for the {kind}"
            help_text = f"Name it: --columns question=…,answer=… (this file has {has})."
            raise SourceUnreadable(f"{source.name} has no {missing}. {help_text}")
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().strip("*:：?？").strip().casefold())


def _gather(table: Table, found: Mapping[str, str], project: Sequence[str], only: str | None) -> _Gathered:
    gathered = _Gathered()
    languages = tuple(dict.fromkeys((*project, *([only] if only else []), "en")))
    for row in table.rows:
        entry = row.problem or _entry(row, found, languages, project)
        if isinstance(entry, str):
            gathered.refused.append((row.line, entry))
        elif only is not None and primary(entry.language) != primary(only):
            gathered.other_language += 1
        else:
            gathered.entries.append(entry)
            gathered.languages[entry.language] = gathered.languages.get(entry.language, 0) + 1
    return gathered


def _entry(
    row: Row, found: Mapping[str, str], languages: Sequence[str], project: Sequence[str]
) -> Entry | str:
    """What a row says, or the reason why it is refused."""
    questions = tuple(dict.fromkeys(one_line(text) for text in _texts(row, found["question"])))
    questions = tuple(question for question in questions if question)
    answer = "\n\n".join(filter(None, (flatten(text) for text in _texts(row, found["answer"]))))
    if not questions:
        return "there is no question"
    if not answer:
        return "there is no answer"
    if max(map(len, questions)) > LONGEST_QUESTION:
        return f"the question is longer than {LONGEST_QUESTION:,} characters"
    if len(answer) > LONGEST_ANSWER:
        return f"the answer is longer than {LONGEST_ANSWER:,} characters"
    named = next(iter(_texts(row, found["language"])), "").strip() if "language" in found else ""
    language = _language(named, project) if named else guess_language(f"{questions[0]} {answer}", languages)
    given = slug(next(iter(_texts(row, found["id"])), "")) if "id" in found else ""
    return Entry(f"faq_{given}" if given.isdigit() else given, questions, answer, language)


def _language(named: str, project: Sequence[str]) -> str:
    code = _LANGUAGES.get(named.casefold(), primary(named))
    return next((known for known in project if primary(known) == code), code)


def _texts(row: Row, column: str) -> list[str]:
    """The texts of a cell: JSON may hold a list."""
    value = row.cells.get(column)
    many = value if isinstance(value, list) else [value]
    texts = [str(item) for item in many if isinstance(item, (str, int, float)) and not isinstance(item, bool)]
    return [text.encode("utf-8", "replace").decode() for text in texts]  # JSON can hold half a surrogate pair


def one_line(text: str) -> str:
    """A question as one line without tags."""
    return " ".join(flatten(text).split())
