"""Reads the corpus folder that the bot exports: training's only input.

Knows the files and checks their hashes; knows no model, and never where the rows came from.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from retrieval.answers import Answer, read_answers
from retrieval.errors import AnswerInvalid
from training.errors import CorpusInvalid
from training.promise import Promises

FORMAT = 1
USUAL = Promises()  # where the project says nothing


@dataclass(frozen=True, slots=True)
class Span:
    """An annotated entity: text[start:end] is the mention, `value` what it stands for."""

    entity: str
    value: str
    start: int
    end: int
    role: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message."""

    text: str
    intent: str
    language: str = "en"
    entities: tuple[Span, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue; `answer` is the id of the template it was made from, if any."""

    speaker: str  # "customer" or "agent"
    text: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation in one language, oldest turn first."""

    language: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A story: in each step the state of the conversation, by the names of what holds in it
    (bot/dialogue/features.py), and the action that comes next. `given` are the slots that it begins with.
    """

    name: str
    steps: tuple[tuple[Mapping[str, float], str], ...]
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus folder, read and checked."""

    folder: Path
    project: str
    languages: tuple[str, ...]
    promises: Promises
    sha256: str  # of corpus.json, which holds the hash of every other file: the identity of the data
    examples: tuple[Example, ...] = ()
    entities: Mapping[str, Any] = field(default_factory=dict)  # {synonyms, lookups, regexes}
    answers: tuple[Answer, ...] = ()
    dialogues: tuple[Dialogue, ...] = ()
    sentiment: tuple[tuple[str, str], ...] = ()  # (text, label of nlu/sentiment.py)
    stories: tuple[Told, ...] = ()


def read_corpus(folder: Path) -> Corpus:
    """Reads and checks a corpus folder. Raises CorpusInvalid naming the file and line at fault."""
    head_path = folder / "corpus.json"
    if not head_path.is_file():
        raise CorpusInvalid(f"{folder} holds no corpus.json; `frontdesk train PROJECT` writes a corpus.")
    head_bytes = head_path.read_bytes()
    head = _object(head_bytes.decode("utf-8"), "corpus.json")
    if head.get("format") != FORMAT:
        raise CorpusInvalid(f"corpus.json has format {head.get('format')!r}; this version reads {FORMAT}.")
    _check_hashes(folder, head)
    return Corpus(
        folder=folder,
        project=str(head.get("project", "")),
        languages=tuple(str(lang) for lang in head.get("languages") or ["en"]),
        promises=Promises(
            alpha=_share(head, "alpha", USUAL.alpha),
            wrong_at_most=_share(head, "wrong_at_most", USUAL.wrong_at_most),
        ),
        sha256=hashlib.sha256(head_bytes).hexdigest(),
        examples=tuple(_example(row, where) for row, where in _rows(folder / "intents.jsonl")),
        entities=_entities(folder / "entities.json"),
        answers=_answers(folder / "answers.jsonl"),
        dialogues=tuple(_dialogue(row, where) for row, where in _rows(folder / "dialogues.jsonl")),
        sentiment=tuple(
            (_text(row, "text", where), _text(row, "label", where))
            for row, where in _rows(folder / "sentiment.jsonl")
        ),
        stories=tuple(_told(row, where) for row, where in _rows(folder / "stories.jsonl")),
    )


def _check_hashes(folder: Path, head: Mapping[str, Any]) -> None:
    hashes = head.get("sha256")
    if not isinstance(hashes, dict):
        raise CorpusInvalid("corpus.json lacks `sha256`, the hash of every file; export the corpus again.")
    for name, expected in hashes.items():
        path = folder / str(name)
        if Path(name).name != name or not path.is_file():
            raise CorpusInvalid(f"The corpus lacks {name}; export it again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise CorpusInvalid(f"{name} was changed after the corpus was written; export it again.")


def _share(head: Mapping[str, Any], key: str, default: float) -> float:
    share = head.get(key, default)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 < share < 0.5:
        raise CorpusInvalid(f"corpus.json: `{key}` must lie between 0 and 0.5, not {share!r}.")
    return float(share)


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CorpusInvalid(f"{where} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CorpusInvalid(f"{where} must be a JSON object.")
    return cast(dict[str, Any], value)


def _rows(path: Path) -> list[tuple[dict[str, Any], str]]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [
        (_object(line, f"{path.name} line {n}"), f"{path.name} line {n}")
        for n, line in enumerate(lines, 1)
        if line.strip()
    ]


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise CorpusInvalid(f"{where}: `{key}` must be a text.")
    return value


def _example(row: Mapping[str, Any], where: str) -> Example:
    return Example(
        text=_text(row, "text", where),
        intent=_text(row, "intent", where),
        language=str(row.get("language") or "en"),
        entities=read_spans(row, where),
        source=str(row.get("source") or ""),
    )


def read_spans(row: Mapping[str, Any], where: str) -> tuple[Span, ...]:
    """The annotated entities of a row. Raises CorpusInvalid."""
    try:
        return tuple(
            Span(
                entity=str(span["entity"]),
                value=str(span.get("value", row["text"][int(span["start"]) : int(span["end"])])),
                start=int(span["start"]),
                end=int(span["end"]),
                role=_name(span.get("role")),
                group=_name(span.get("group")),
            )
            for span in row.get("entities") or []
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusInvalid(f"{where}: an entity needs entity, start and end.") from error


def _name(value: object) -> str | None:
    return None if value is None else str(value)


def _dialogue(row: Mapping[str, Any], where: str) -> Dialogue:
    turns = []
    for turn in row.get("turns") or []:
        if not isinstance(turn, dict) or turn.get("speaker") not in ("customer", "agent"):
            raise CorpusInvalid(f"{where}: a turn needs `speaker`: customer or agent.")
        answer = turn.get("answer")
        turns.append(Turn(turn["speaker"], _text(turn, "text", where), str(answer) if answer else None))
    return Dialogue(language=str(row.get("language") or "en"), turns=tuple(turns))


def _told(row: Mapping[str, Any], where: str) -> Told:
    try:
        steps = tuple(
            ({str(name): float(value) for name, value in step["state"].items()}, str(step["action"]))
            for step in row["steps"]
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusInvalid(f"{where}: a step of a story needs state and action.") from error
    return Told(str(row.get("story") or ""), steps, tuple(map(str, row.get("given") or ())))


def _entities(path: Path) -> Mapping[str, Any]:
    return _object(path.read_text(encoding="utf-8"), path.name) if path.is_file() else {}


def _answers(path: Path) -> tuple[Answer, ...]:
    try:
        return read_answers(path) if path.is_file() else ()
    except AnswerInvalid as error:
        raise CorpusInvalid(str(error)) from error
