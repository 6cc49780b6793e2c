"""Reads `answers/*.yml`: stored answers with question variants, text per language, vetting and validity.

Knows the format; does not search answers. Ids are unique over the whole folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from bot.project.language import guess_language
from bot.project.model import AnswerTemplate
from bot.project.node import Entries, check_keys, entries, flag, items, names, text
from bot.project.report import Place, Report
from bot.project.yaml import Node
from retrieval.answers import Answer, Source

ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*\Z")
_KEYS = ("id", "text", "questions", "vetted", "valid_from", "valid_to", "audience", "taken_from")
_SOURCE_KEYS = ("file", "headings", "page", "line", "fingerprint")


def read_answer_files(
    files: Sequence[Node], languages: Sequence[str], report: Report
) -> tuple[AnswerTemplate, ...]:
    """The answers of all files, in order; a second answer of the same id is left out, with a finding."""
    found: dict[str, AnswerTemplate] = {}
    for template in _all(files, languages, report):
        first = found.setdefault(template.id, template)
        if first is not template:
            message = f"The answer id `{template.id}` is taken; the first is at {first.place}."
            report.error(template.place, message, "Give this one an id of its own.")
    return tuple(found.values())


def _all(files: Sequence[Node], languages: Sequence[str], report: Report) -> Iterator[AnswerTemplate]:
    for node in files:
        top = entries(node, "An answers file", report)
        check_keys(top, ("answers", "version"), "answers file", report)
        for item in items(top.get("answers"), "answers", report):
            template = _answer(item, languages, report)
            if template is not None:
                yield template
            else:
                report.lost.add("answers")


def _answer(node: Node, languages: Sequence[str], report: Report) -> AnswerTemplate | None:
    found = entries(node, "an answer", report)
    key = text(found.get("id"), "id of an answer", report)
    if not key:
        report.error(node.place, "This answer has no `id`.", "Add `id: a_short_name`, unique in answers/.")
        return None
    what = f"answer `{key}`"
    place = found["id"].place
    if not ID.match(key):
        mend = "Use small letters, digits and single underscores, such as `claim_deadline`."
        report.warn(place, f"The id of {what} is not in snake_case.", mend)
    check_keys(found, _KEYS, what, report)
    before = report.count
    texts = {
        language: many[-1]
        for language, many in _by_language(what, "text", found, languages, report).items()
        if many
    }
    if not texts and report.count > before:
        return None
    if not texts:
        report.error(place, f"The {what} has no text.", 'Add `text: {en: "…"}`.')
        return None
    answer = Answer(
        id=key,
        text=texts,
        questions=_by_language(what, "questions", found, languages, report),
        vetted=flag(found.get("vetted"), f"vetted of {what}", report, default=False),
        valid_from=_day(what, "valid_from", found, report),
        valid_to=_day(what, "valid_to", found, report),
        audience=frozenset(names(found.get("audience"), f"audience of {what}", report)),
        taken_from=_source(what, found, report),
    )
    if answer.valid_from and answer.valid_to and answer.valid_to < answer.valid_from:
        report.error(
            found["valid_to"].place, f"The {what} ends before it begins.", "Swap valid_from and valid_to."
        )
    return AnswerTemplate(answer, place)


def _by_language(
    what: str, key: str, found: Entries, languages: Sequence[str], report: Report
) -> dict[str, tuple[str, ...]]:
    """Texts under their languages; texts without one go by their script. Doubles and blanks fall out."""
    node = found.get(key)
    many: dict[str, list[str]] = {}
    if node is not None and isinstance(node.value, (str, tuple)):
        for line in names(node, f"{key} of {what}", report):
            many.setdefault(guess_language(line, languages), []).append(line)
    else:
        for language, value in entries(node, f"{key} of {what}", report).items():
            if language not in languages and "languages" not in report.lost:
                mend = f"Add it to `languages:` in config.yml, or use one of {', '.join(languages)}."
                report.warn(
                    value.place, f"The {what} has {key} in `{language}`, no language of the project.", mend
                )
            many[language] = list(names(value, f"{key} of {what}", report))
    stripped = {language: (line.strip() for line in lines) for language, lines in many.items()}
    return {
        language: tuple(dict.fromkeys(line for line in lines if line)) for language, lines in stripped.items()
    }


def _source(what: str, found: Entries, report: Report) -> Source | None:
    """Where `frontdesk import` took the text from."""
    if (node := found.get("taken_from")) is None:
        return None
    given = entries(node, f"taken_from of {what}", report)
    check_keys(given, _SOURCE_KEYS, f"taken_from of {what}", report)
    file = text(given.get("file"), f"file of taken_from of {what}", report)
    if not file:
        report.warn(
            node.place, f"What {what} is taken from names no file.", "Add `file: NAME`, or delete taken_from."
        )
        return None
    counts = (given[key].value if key in given else None for key in ("page", "line"))
    page, line = (count if isinstance(count, int) else None for count in counts)
    headings = names(given.get("headings"), f"headings of taken_from of {what}", report)
    fingerprint = text(given.get("fingerprint"), f"fingerprint of taken_from of {what}", report) or ""
    return Source(file, tuple(headings), page, line, fingerprint)


def _day(what: str, key: str, found: Entries, report: Report) -> date | None:
    written = text(found.get(key), f"{key} of {what}", report)
    if written is None:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        place: Place = found[key].place
        report.error(place, f"{key} of {what} is no day.", "Write it as 2026-01-31.")
        return None
