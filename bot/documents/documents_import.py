"""Brings documents into a project as `answers/imported_SOURCE.yml`: each passage is an answer.

Knows how passages become answers with ids that last and a source on record; how they are merged with what is
there, and where they are written, is the project's business. Everything is read before anything is written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from bot.documents.block import Document
from bot.documents.passages import LeftOut, Passage, passages
from bot.documents.readers import LARGEST, read_document
from bot.documents.sources import Refusal, find_documents, source_name
from bot.documents.spoken import NAMES, spoken_language
from bot.errors import SourceUnreadable
from bot.project.answers_merge import Entry, fingerprint, merge_entries, slug
from bot.project.answers_target import (
    complete_project,
    earlier_answers,
    project_languages,
    target_of,
    write_imported,
)
from bot.project.language import folded, guess_language, primary
from retrieval.answers import Source

Progress = Callable[[int, int, str], None]
"""Is told how many documents are done, of how many, and which is next."""


@dataclass(frozen=True, slots=True)
class Edited:
    """An answer that a person has changed since it was taken, and that was left so. `changed`: the document
    says something else now, too."""

    id: str
    changed: bool


@dataclass(frozen=True, slots=True)
class DocumentsImport:
    """What became of the documents. `taken` answers are new, `updated` and `unchanged` were there, `merged`
    passages joined one that says the same; `absent` ones were in no document this time and were kept.
    `file` is None where no passage could be taken."""

    file: Path | None
    documents: int
    languages: tuple[str, ...] = ()
    taken: int = 0
    merged: int = 0
    updated: int = 0
    unchanged: int = 0
    other_language: int = 0
    edited: tuple[Edited, ...] = ()
    absent: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {**asdict(self), "file": None if self.file is None else str(self.file)}


@dataclass(slots=True)
class _Gathered:
    languages: tuple[str, ...]
    only: str | None
    entries: list[Entry] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    other_language: int = 0


def import_documents(
    source: Path,
    project: Path,
    *,
    language: str | None = None,
    encoding: str | None = None,
    vetted: bool = True,
    largest: int = LARGEST,
    progress: Progress = lambda done, total, name: None,
) -> DocumentsImport:
    """Imports what the documents of `source` say, of those in `language` alone where it is given. `largest`:
    MiB that a document may have.

    Raises SourceUnreadable where the source, or its only document, cannot be read; ProjectError where the
    project's answers cannot be read.
    """
    languages = project_languages(project)
    found = find_documents(source)
    gathered = _Gathered(languages, language, refused=list(found.refused))
    for number, (name, path) in enumerate(found.files):
        progress(number, len(found.files), name)
        try:
            document = read_document(path, name, largest=largest, encoding=encoding)
        except SourceUnreadable as error:
            if not source.is_dir() and len(found.files) == 1:
                raise
            gathered.refused.append(Refusal(name, error.message.removeprefix(f"{name} ")))
        else:
            _gather(document, gathered)
    progress(len(found.files), len(found.files), "")
    return _kept(source, project, gathered, vetted=vetted)


def _kept(source: Path, project: Path, gathered: _Gathered, *, vetted: bool) -> DocumentsImport:
    """Writes the answers, where there are any, and tells what became of them."""
    name = source_name(source)
    target = target_of(project, name)
    existing, reserved = earlier_answers(project, target, gathered.languages)
    merged = merge_entries(_apart(gathered.entries), existing, reserved, vetted=vetted)
    notes = merged.notes
    if gathered.entries:
        if merged.answers != existing:
            write_imported(target, merged.answers, name)
        notes += complete_project(project, gathered.languages, gathered.counted)
    return DocumentsImport(
        file=target if gathered.entries else None,
        documents=gathered.documents,
        languages=tuple(sorted(gathered.counted)),
        taken=merged.taken,
        merged=merged.merged,
        updated=merged.updated,
        unchanged=merged.unchanged,
        other_language=gathered.other_language,
        edited=tuple(Edited(key, changed) for key, changed in merged.edited),
        absent=merged.absent if gathered.entries else (),
        refused=tuple(gathered.refused),
        notes=notes,
    )


def _gather(document: Document, gathered: _Gathered) -> None:
    """Takes a document's passages, if they are in a language that is wanted."""
    spoken = gathered.languages or tuple(filter(None, (gathered.only, "en")))
    written = spoken_language(
        "\n".join(block.text for block in document.blocks if block.kind != "code"), spoken
    )
    if gathered.only and primary(written) != primary(gathered.only):
        gathered.other_language += 1
        return
    if gathered.languages and written not in spoken:
        gathered.refused.append(Refusal(document.name, _foreign(written)))
        return
    gathered.documents += 1
    before = len(gathered.entries)
    left_out = list(_take(document, written, gathered))
    gathered.refused += [Refusal(_place(document, each), each.reason) for each in left_out]
    if len(gathered.entries) == before and not left_out:
        gathered.refused.append(Refusal(document.name, "no passage was found in it"))


def _take(document: Document, language: str, gathered: _Gathered) -> Iterator[LeftOut]:
    for passage in passages(document):
        if isinstance(passage, LeftOut):
            yield passage
            continue
        languages = (language, *gathered.languages)
        spoken = guess_language(f"{' '.join(passage.questions)} {passage.text}", languages)
        if gathered.languages and spoken not in languages:
            yield LeftOut(_foreign(spoken), passage.page, passage.line)
            continue
        gathered.entries.append(_entry(document.name, passage, spoken))
        gathered.counted[spoken] += 1


def _entry(name: str, passage: Passage, language: str) -> Entry:
    """The passage under an id that stays the same as long as its document and headings do."""
    path = "\n".join((name, *passage.headings, *(passage.questions[:1] if passage.part > 1 else ())))
    stem = slug(passage.headings[-1]) or slug(Path(name).stem) or "passage"
    key = f"{stem}_{hashlib.sha256(path.encode()).hexdigest()[:6]}"
    source = Source(name, passage.headings, passage.page, passage.line, fingerprint(passage.text))
    return Entry(key, passage.questions, passage.text, language, source)


def _apart(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without the questions that several are asked by; where they have no other, their documents
    tell them apart."""
    used = Counter((each.language, folded(question)) for each in entries for question in each.questions)
    apart: list[Entry] = []
    for each in entries:
        own = tuple(question for question in each.questions if used[each.language, folded(question)] == 1)
        file = each.source.file if each.source else ""
        apart.append(replace(each, questions=own or (f"{_stem(file)}: {each.questions[0]}",)))
    return apart


def _stem(file: str) -> str:
    """A document's name as words; a page that is its folder's index has the folder's."""
    path = PurePosixPath(file)
    name = path.parent.name if path.stem == "index" and path.parent.name else path.stem
    return name.replace("_", " ").replace("-", " ")


def _place(document: Document, left: LeftOut) -> str:
    return str(Source(document.name, page=left.page, line=left.line))


def _foreign(language: str) -> str:
    name = f"{NAMES[language]} (`{language}`)" if language in NAMES else f"`{language}`"
    return f"it is in {name}, no language of this bot: add it to `languages:` in config.yml, or leave it out"
