"""Writes a project, and what people reviewed of its log, as a corpus folder: training's only input.

Knows the folder's files and their JSON (training/corpus.py reads them); trains nothing. The same project
gives the same bytes, so that the corpus's hash names the data.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from bot.dialogue.domain import Domain
from bot.dialogue.features import told
from bot.dialogue.reading import Entity
from bot.dialogue.steps import LoopStep, SlotStep, Story
from bot.project.language import folded
from bot.project.model import DialogueTurn, Example, Project

FORMAT = 1
OUT_OF_SCOPE = "out_of_scope"
GOLD_ONE_IN = 10  # a tenth of the rows judges and never teaches
LEAST_TAUGHT = 4  # rows of an intent in a language; with fewer, each of them is needed for training


@dataclass(frozen=True, slots=True)
class ReviewedTurn:
    """A customer's message and the intent that a person gave it (None: out of scope). `source` names the turn
    without personal data; `text` must be redacted already."""

    text: str
    intent: str | None
    language: str
    source: str
    entities: tuple[Entity, ...] = ()


def compile_corpus(project: Project, folder: Path, *, reviewed: Iterable[ReviewedTurn] = ()) -> str:
    """Writes the corpus into `folder`, corpus.json last, and gives that file's sha256: the identity of the
    data.

    Of two reviews of one text the later holds; a text that the project's own examples have is theirs. Rows
    that `is_gold` go to gold.jsonl, for the gate, unless their intent would keep fewer than LEAST_TAUGHT.
    """
    nlu = project.nlu
    examples = [_example_row(example) for example in nlu.examples]
    taught, gold = _hold_out([*examples, *_reviewed_rows(nlu.examples, reviewed)])
    files = {
        "intents.jsonl": _lines(taught),
        "gold.jsonl": _lines(gold),
        "entities.json": _json(
            {
                "synonyms": dict(nlu.synonyms),
                "lookups": {name: list(values) for name, values in nlu.lookups.items()},
                "regexes": {name: list(values) for name, values in nlu.regexes.items()},
            }
        ),
        "answers.jsonl": _lines(
            {**template.answer.to_json(), "source": str(template.place)} for template in project.answers
        ),
        "dialogues.jsonl": _lines(
            {"language": dialogue.language, "turns": [_turn_row(turn) for turn in dialogue.turns]}
            for dialogue in project.dialogues
        ),
        **_where_there_are_any(project),
    }
    head = {
        "format": FORMAT,
        "project": project.name,
        "languages": list(project.settings.languages),
        "alpha": project.settings.alpha,
        "wrong_at_most": project.settings.wrong_at_most,
        "base": project.settings.base,
        "sha256": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
    }
    return _write(folder, files, _json(head))


def is_gold(text: str) -> bool:
    """Whether a text is held out of every training run: by its own hash, so that it never changes sides."""
    digest = hashlib.blake2b(folded(text).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % GOLD_ONE_IN == 0


def _hold_out(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows to train on and the gold rows. An intent that has hardly any keeps all of them for training:
    the only rows that may change sides when it gets more.
    """
    left = Counter((row["intent"], row["language"]) for row in rows if not is_gold(row["text"]))
    taught: list[dict[str, Any]] = []
    gold: list[dict[str, Any]] = []
    for row in rows:
        spared = left[row["intent"], row["language"]] >= LEAST_TAUGHT and is_gold(row["text"])
        (gold if spared else taught).append(row)
    return taught, gold


def _write(folder: Path, files: Mapping[str, bytes], head: bytes) -> str:
    """Head last: a folder with corpus.json is a whole corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.json").unlink(missing_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    (folder / "corpus.json").write_bytes(head)
    return hashlib.sha256(head).hexdigest()


def _example_row(example: Example) -> dict[str, Any]:
    return _row(example.text, example.intent, example.language, example.entities, str(example.place))


def _reviewed_rows(examples: Sequence[Example], reviewed: Iterable[ReviewedTurn]) -> list[dict[str, Any]]:
    known = {folded(example.text) for example in examples}
    latest: dict[str, ReviewedTurn] = {}
    for turn in reviewed:
        key = folded(turn.text)
        if key and key not in known:
            latest.pop(key, None)
            latest[key] = turn
    return [
        _row(turn.text, turn.intent or OUT_OF_SCOPE, turn.language, turn.entities, turn.source)
        for turn in latest.values()
    ]


def _row(text: str, intent: str, language: str, entities: Sequence[Entity], source: str) -> dict[str, Any]:
    return {
        "text": text,
        "intent": intent,
        "language": language,
        "entities": [
            {
                "start": entity.start,
                "end": entity.end,
                "entity": entity.name,
                "role": entity.role,
                "group": entity.group,
                "value": entity.value,
            }
            for entity in entities
        ],
        "source": source,
    }


def _turn_row(turn: DialogueTurn) -> dict[str, Any]:
    row = {"speaker": turn.speaker, "text": turn.text}
    return row if turn.answer is None else {**row, "answer": turn.answer}


def _where_there_are_any(project: Project) -> dict[str, bytes]:
    """Files that only some projects have: moods, and stories for the learned policy, if it is to be used."""
    files: dict[str, bytes] = {}
    if project.moods:
        files["sentiment.jsonl"] = _lines({"text": mood.text, "label": mood.label} for mood in project.moods)
    domain = project.domain
    if domain.stories and domain.thresholds.learned is not None:
        files["stories.jsonl"] = _lines(_story_row(domain, story) for story in domain.stories)
    return files


def _story_row(domain: Domain, story: Story) -> dict[str, Any]:
    """A story as the learned policy sees a conversation that goes as it says."""
    steps = [{"state": state, "action": action} for state, action in told(domain, story)]
    given = takewhile(lambda step: isinstance(step, (SlotStep, LoopStep)), story.steps)
    names = sorted({step.name for step in given if isinstance(step, SlotStep)})
    return {"story": story.name, "steps": steps, "given": names}


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in rows).encode()


def _json(value: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)}\n".encode()
