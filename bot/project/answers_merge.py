"""Joins imported rows into answers, and those with the answers of an earlier import.

Knows which rows say the same and which answer was there before; reads and writes no file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.project.language import folded
from retrieval.answers import Answer, Source

_LONGEST_SLUG = 48


@dataclass(frozen=True, slots=True)
class Entry:
    """One row or passage: questions with one answer in one language. `given` is the id the source gives it,
    or empty; `source` where a passage stands."""

    given: str
    questions: tuple[str, ...]
    answer: str
    language: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The answers to write, and how they came about; see `ImportReport` for the counts. `edited` are those
    whose text a person has changed since it was taken, with whether the source has changed too: they stay as
    they are. `absent` ones were in no row or passage."""

    answers: tuple[Answer, ...]
    taken: int
    merged: int
    updated: int
    unchanged: int
    edited: tuple[tuple[str, bool], ...]
    absent: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Rows that make one answer."""

    given: str
    text: dict[str, str]
    questions: dict[str, dict[str, str]] = field(default_factory=dict)
    source: Source | None = None
    first: Entry | None = None

    def add(self, entry: Entry) -> None:
        self.first = self.first or entry
        self.source = self.source or entry.source
        self.text.setdefault(entry.language, entry.answer)
        known = self.questions.setdefault(entry.language, {})
        for question in entry.questions:
            known.setdefault(folded(question), question)

    def asked(self) -> Iterator[tuple[str, str]]:
        for language, many in self.questions.items():
            yield from ((language, question) for question in many)

    @property
    def id(self) -> str:
        """The source's id, else one made of the first question alone, so that a changed answer keeps it."""
        if self.given:
            return self.given
        language, question = next(self.asked())
        stem = slug(self.questions[language][question]) or "answer"
        return f"{stem}_{hashlib.sha256(f'{language}:{question}'.encode()).hexdigest()[:6]}"


def merge_entries(
    entries: Sequence[Entry], existing: Sequence[Answer], reserved: Collection[str], *, vetted: bool
) -> Merged:
    """Rows of the same answer become one with several questions; answers that were there keep id, vetting and
    validity.

    `reserved` are ids of the project's other answers. What an earlier import brought and this one lacks is
    kept.
    """
    groups = _grouped(entries)
    before = _find_earlier(groups, existing)
    edited = {index for index, known in before.items() if _is_edited(known)}
    written = {answer.id: answer for answer in existing}
    taken = updated = unchanged = 0
    for index, group in enumerate(groups):
        if index in edited:
            continue
        if (known := before.get(index)) is not None:
            joined = _joined(known, group)
            same = (
                replace(joined, taken_from=known.taken_from) == known
            )  # a text may move within its document
            updated, unchanged = (updated, unchanged + 1) if same else (updated + 1, unchanged)
            written[known.id] = joined
        else:
            taken += 1
            key = _free(group.id, {*written, *reserved})
            written[key] = _joined(Answer(id=key, text={}, vetted=vetted), group)
    return Merged(
        answers=tuple(written.values()),
        taken=taken,
        merged=len(entries) - len(groups),
        updated=updated,
        unchanged=unchanged,
        edited=tuple(
            (before[index].id, _has_moved_on(before[index], groups[index])) for index in sorted(edited)
        ),
        absent=_absent(existing, before.values()),
        notes=_notes(groups),
    )


def _absent(existing: Iterable[Answer], found: Iterable[Answer]) -> tuple[str, ...]:
    ids = {answer.id for answer in found}
    return tuple(answer.id for answer in existing if answer.id not in ids)


def _grouped(entries: Sequence[Entry]) -> list[_Group]:
    groups: list[_Group] = []
    by_text: dict[tuple[str, str], _Group] = {}
    by_given: dict[str, _Group] = {}
    for entry in entries:
        text = (entry.language, folded(entry.answer))
        group = by_text.get(text)
        if group is None and entry.given in by_given and entry.language not in by_given[entry.given].text:
            group = by_given[entry.given]  # the same answer in another language
        if group is None:
            group = _Group("" if entry.given in by_given else entry.given, {})
            groups.append(group)
            if group.given:
                by_given[group.given] = group
        group.add(entry)
        by_text.setdefault(text, group)
    return groups


def _find_earlier(groups: Sequence[_Group], existing: Sequence[Answer]) -> dict[int, Answer]:
    """The answer of an earlier import for each group's index: by its id, then its text, then its questions.

    Text goes before a made id, so that two answers to one question keep theirs when the rows change places.
    """
    ids = {answer.id: answer for answer in existing}
    texts = {(code, folded(text)): answer for answer in existing for code, text in answer.text.items()}
    questions: dict[tuple[str, str], Answer] = {}
    for answer in existing:
        for code, many in answer.questions.items():
            for question in many:
                questions.setdefault((code, folded(question)), answer)
    found: dict[int, Answer] = {}
    free = set(ids)
    ways: tuple[Callable[[_Group], list[Answer | None]], ...] = (
        lambda group: [ids.get(group.given)],
        lambda group: [texts.get((code, folded(text))) for code, text in group.text.items()],
        lambda group: [ids.get(group.id)],
        lambda group: [questions.get(key) for key in group.asked()],
    )
    for way in ways:
        for index, group in enumerate(groups):
            if index in found:
                continue
            earlier = next((known for known in way(group) if known is not None and known.id in free), None)
            if earlier is not None:
                found[index] = earlier
                free.discard(earlier.id)
    return found


def _joined(answer: Answer, group: _Group) -> Answer:
    """The answer with the group's texts, and its questions after those that were there."""
    questions = {language: tuple(many) for language, many in answer.questions.items()}
    for language, many in _new_questions(answer, group):
        there = {folded(question): question for question in questions.get(language, ())}
        questions[language] = tuple({**many, **there}[key] for key in dict.fromkeys((*there, *many)))
    text = {**answer.text, **group.text}
    return replace(answer, text=text, questions=questions, taken_from=group.source or answer.taken_from)


def _new_questions(answer: Answer, group: _Group) -> Iterator[tuple[str, dict[str, str]]]:
    """The group's questions by language. A passage that is as it was asks no more than it did: what a person
    has taken out of its questions stays out."""
    own = group.first if not _has_moved_on(answer, group) and answer.id == group.given else None
    taken = {folded(question) for question in own.questions} if own and group.source else set()
    for language, many in group.questions.items():
        yield language, {key: question for key, question in many.items() if key not in taken}


def fingerprint(text: str) -> str:
    """What tells whether a text is still as it was; spacing aside."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def _is_edited(answer: Answer) -> bool:
    source = answer.taken_from
    return (
        source is not None
        and bool(source.fingerprint)
        and source.fingerprint not in map(fingerprint, answer.text.values())
    )


def _has_moved_on(answer: Answer, group: _Group) -> bool:
    """Whether the source says something else than when the answer was taken from it."""
    taken = answer.taken_from.fingerprint if answer.taken_from else ""
    return group.source is not None and group.source.fingerprint != taken


def _free(key: str, used: Collection[str]) -> str:
    number, free = 1, key
    while free in used:
        number += 1
        free = f"{key}_{number}"
    return free


def _notes(groups: Sequence[_Group]) -> tuple[str, ...]:
    seen: set[tuple[str, str]] = set()
    twice = 0
    for group in groups:
        for key in group.asked():
            twice += key in seen
            seen.add(key)
    if not twice:
        return ()
    count = "One question has" if twice == 1 else f"{twice} questions have"
    return (f"{count} more than one answer; `frontdesk check` lists them.",)


def slug(text: str) -> str:
    """Letters and digits of a text as snake_case ASCII, cut at a word; empty where it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    kept = ""
    for word in re.findall(r"[a-z0-9]+", plain.replace("'", "")):
        if kept and len(kept) + 1 + len(word) > _LONGEST_SLUG:
            break
        kept = f"{kept}_{word}" if kept else word[:_LONGEST_SLUG]
    return kept
