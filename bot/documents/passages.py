"""Cuts a document into passages, each under its headings, and says what each is asked by.

Knows headings and questions; how long a passage may be is `chunks`' business, what becomes of it
the import's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from bot.documents.block import Block, Document
from bot.documents.chunks import LONGEST, Chunk, TooLong, chunks, sentences
from bot.documents.marked_questions import with_marked_questions
from bot.project.language import folded

_LEAD = 80  # characters of a later part's own words in its question
_LONGEST_HEADING = 200  # characters; what is longer is a paragraph that looks like one
_SHORTEST = 10  # letters of a passage; a Chinese character says as much as several
_TELLING = 2
_WORD = re.compile(r"[^\W\d_]{3,}")
_CJK = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]")
_TELLS = re.compile(r"[^\W\d_]{3}|[\u3040-\u9fff]{2}")
_CJK_WORTH = 4
_MARK = re.compile(r"(?:-|\d+\.)\s+")
_SMALL_WORDS = """
    about all and any are background but can description details does example examples faq for from
    further general get has have how important information into intro introduction its may misc more not
    note notes notice of other others our out overview question questions remarks see should step
    summary that the them then there they this tip use using was what when where which who why will with
    you your aber allgemein allgemeines als auch auf beispiel beispiele das dem den der details die ein
    eine einleitung für fragen hinweis hinweise ihr ist man mehr mit oder sie sonstiges und von warum
    was wann weitere wer wie wir wird wo zum zur zusammenfassung
"""
_EMPTY_WORDS = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with the questions it answers, the likeliest wording first. `headings` lead to it, outermost
    first; `part` counts passages under the same ones, from 1."""

    headings: tuple[str, ...]
    questions: tuple[str, ...]
    text: str
    part: int = 1
    page: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A piece of a document that is no passage, and why."""

    reason: str
    page: int | None = None
    line: int | None = None


@dataclass(slots=True)
class _Section:
    """What stands under the same headings, or answers the same questions."""

    headings: tuple[str, ...]
    asked: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)


def passages(document: Document) -> Iterator[Passage | LeftOut]:
    """The passages of a document, and what of it could not be one. No two are asked by the same question."""
    sections = [section for section in _sections(document) if section.blocks]
    tails = Counter(folded(_tail(section.headings)) for section in sections if not section.asked)
    parts: Counter[tuple[str, ...]] = Counter()
    used: set[str] = set()
    for section in sections:
        asked = _questions(section, unique=tails[folded(_tail(section.headings))] == 1)
        for chunk in chunks(section.blocks):
            if isinstance(chunk, TooLong):
                yield _too_long(chunk)
                continue
            begins = chunk.blocks[0]
            if _is_nothing(section, chunk):
                yield LeftOut("too short to answer anything", begins.page, begins.line)
                continue
            path = (*section.headings, *section.asked[:1])
            parts[path] += 1
            likely = (
                asked if parts[path] == 1 else (f"{_bare(asked[0])}: {_lead(begins.lead or chunk.text)}",)
            )
            questions = _unused(likely, _of_rows(asked[0], section, chunk), used)
            yield Passage(path, questions, chunk.text, parts[path], begins.page, begins.line)


def _is_nothing(section: _Section, chunk: Chunk) -> bool:
    answers = bool(section.asked) or _asks(section.headings[-1])
    return not answers and _weight(chunk.text) < _SHORTEST


def _of_rows(above: str, section: _Section, chunk: Chunk) -> Iterator[str]:
    """Questions for rows by their first cells, where these tell something, and one from another."""
    rows = Counter(block.lead for block in section.blocks)
    for block in chunk.blocks:
        if rows[block.lead] == 1 and _TELLS.search(block.lead):
            yield f"{_bare(above)}: {_lead(block.lead)}"


def _unused(likely: Sequence[str], others: Iterable[str], used: set[str]) -> tuple[str, ...]:
    """The questions that no passage before is asked by, one at least; a number tells alike ones apart."""
    numbered = (f"{likely[0]} ({number})" for number in count(2))
    free = [question for question in dict.fromkeys((*likely, *others)) if folded(question) not in used]
    questions = free or [next(question for question in numbered if folded(question) not in used)]
    used.update(map(folded, questions))
    return tuple(questions)


def _too_long(found: TooLong) -> LeftOut:
    reason = (
        f"a {found.what} of {found.length:,} characters is longer than the {LONGEST:,} of a message and "
        "cannot be cut: break it up in the document"
    )
    return LeftOut(reason, found.block.page, found.block.line)


def _sections(document: Document) -> Iterator[_Section]:
    """The document by headings and questions, in order."""
    above: list[tuple[int, str]] = []
    section = _Section(_path(above, document))
    for block in with_marked_questions(document.blocks):
        if block.kind == "heading" and len(block.text) <= _LONGEST_HEADING:
            yield section
            above = [each for each in above if each[0] < block.level] + [(block.level, block.text)]
            section = _Section(_path(above, document))
        elif block.kind == "question" and section.asked and not section.blocks:
            section = replace(section, asked=(*section.asked, block.text))
        elif block.kind == "question":
            yield section
            section = _Section(_path(above, document), (block.text,))
        elif block.kind == "end":
            yield section
            section = _Section(_path(above, document))
        else:
            section.blocks.append(replace(block, kind="text") if block.kind == "heading" else block)
    yield section


def _path(above: Sequence[tuple[int, str]], document: Document) -> tuple[str, ...]:
    return tuple(text for _, text in above) or (document.title,)


def _questions(section: _Section, *, unique: bool) -> tuple[str, ...]:
    """How a section is asked for: by its own question, else by as much of its headings as tells something,
    and by all of them."""
    if section.asked and all(_asks(text) for text in section.asked):
        return section.asked
    path = (*section.headings, *section.asked[:1])
    last, whole = path[-1], _whole(path)
    if section.asked:
        return tuple(dict.fromkeys((*section.asked, whole)))
    if _asks(last) and unique:
        return (last,)
    if not unique:
        return (whole,)
    return tuple(dict.fromkeys((_tail(path), whole, *((_bare(last),) if _tells_alone(last) else ()))))


def _asks(text: str) -> bool:
    """Whether a heading is a question that needs no other heading to be understood."""
    return text.rstrip().endswith(("?", "？")) and _tells(text)


def _tail(path: Sequence[str]) -> str:
    """The last headings, as many as it takes to tell something."""
    for start in range(len(path) - 1, 0, -1):
        if _tells(" ".join(path[start:])) and _tells_alone(path[start]):
            return _whole(path[start:])
    return _whole(path)


def _tells_alone(heading: str) -> bool:
    return any(word.casefold() not in _EMPTY_WORDS for word in _WORD.findall(heading)) or bool(
        _CJK.search(heading)
    )


def _tells(text: str) -> bool:
    telling = {word.casefold() for word in _WORD.findall(_CJK.sub(" ", text))} - _EMPTY_WORDS
    return len(telling) + len(_CJK.findall(text)) / _CJK_WORTH * _TELLING >= _TELLING


def _whole(path: Iterable[str]) -> str:
    many = list(path)
    return ": ".join([*(_bare(text) for text in many[:-1]), many[-1]])


def _bare(text: str) -> str:
    return text.rstrip(" :：?？")


def _lead(text: str) -> str:
    """The first words of a part, which tell it from the others under its headings."""
    line = _MARK.sub("", text.lstrip().split("\n")[0], count=1)
    first = next(sentences(line))[1].strip()
    if len(first) <= _LEAD:
        return first.rstrip(".:：。")
    cut = first[:_LEAD]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:") + "…"


def _weight(text: str) -> int:
    return sum(map(str.isalnum, text)) + 2 * len(_CJK.findall(text))
