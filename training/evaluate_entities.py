"""Learns entities from one file of annotated examples and measures them on another: `evaluate-entities`.

Knows JSON lines with `text` and `entities` (start, end, entity, perhaps role, group and value); measures what
is served.
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlu.entities import TAGGED, EntityExtractor
from retrieval.encoder import Encoder
from training.annotated import Annotated, Tally, label_of, tally
from training.base import find_base
from training.context import Progress, TrainContext
from training.corpus import USUAL, Corpus, Example, read_spans
from training.entities import train_entities
from training.errors import CorpusInvalid
from training.export import export_encoder, load_sentence_model
from training.glossary import has_chinese
from training.knobs import Choice
from training.scoring import expected_calibration_error

TIMED = 300


def read_annotated(path: Path) -> tuple[Example, ...]:
    """The rows of a file. Raises CorpusInvalid naming the line at fault."""
    examples = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise CorpusInvalid(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{path} line {number}"
            row = _row(line, where)
            spans = read_spans(row, where)
            if any(not 0 <= span.start < span.end <= len(row["text"]) for span in spans):
                raise CorpusInvalid(f"{where}: an entity lies outside the text.")
            examples.append(Example(row["text"], "", entities=spans))
    if not examples:
        raise CorpusInvalid(f'{path} has no rows; write one JSON object a line: {{"text", "entities"}}.')
    return tuple(examples)


def evaluate_entities(
    *, train: Path, test: Path, base: str, seed: int, device: str, progress: Progress
) -> dict[str, Any]:
    """Span F1 (micro, and of each entity): place, entity, role and group must all be right. Beside it the
    F1 of a table of the training mentions, and how well confidence is calibrated.
    """
    taught, tested = read_annotated(train), read_annotated(test)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        for name in ("encoder", "entities"):
            (out / name).mkdir()
        folder = find_base(base)
        chinese = has_chinese([example.text for example in (*taught, *tested)])
        export_encoder(load_sentence_model(folder), folder, out / "encoder", name=base, chinese=chinese)
        encoder = Encoder.load(out / "encoder")
        corpus = Corpus(out, "measured", ("en",), USUAL, "", examples=taught)
        context = TrainContext(
            corpus, out / "entities", out, encoder.encode, seed, device, Choice(), folder, progress,
            encode_tokens=encoder.encode_tokens,
        )  # fmt: skip
        started = time.monotonic()
        result = train_entities(context)
        seconds = time.monotonic() - started
        if result is None:
            raise CorpusInvalid(f"{train} marks no entity; there is nothing to learn.")
        extractor = EntityExtractor.load(out / "entities")
        rows = [Annotated(e.text, e.entities, encoder.encode_tokens([e.text])[1][0]) for e in tested]
        figures = {**_figures(extractor, rows), "table_f1": _table_f1(taught, rows)}
        return {
            **figures,
            "learned": result.metrics["learned"],
            "train_seconds": round(seconds, 1),
            "latency_ms": _latency(extractor, rows),
            "rows": {"train": len(taught), "test": len(tested)},
        }


def _figures(extractor: EntityExtractor, rows: Sequence[Annotated]) -> dict[str, Any]:
    names = sorted({span.entity for row in rows for span in row.spans})
    total, by_name = Tally(), dict.fromkeys(names, Tally())
    sure: list[tuple[float, bool]] = []
    for row in rows:
        found = extractor.extract(row.text, row.tokens)
        total += tally(found, row)
        for name in names:
            by_name[name] += tally(found, row, name)
        sure += [
            (entity.confidence or 0.0, (label_of(entity), entity.start, entity.end) in row.marks)
            for entity in found
            if entity.extractor == TAGGED
        ]
    confidence, right = np.asarray([p for p, _ in sure]), np.asarray([r for _, r in sure])
    return {
        **_told(total),
        "by_entity": {name: _told(found) for name, found in by_name.items()},
        "tagged": len(sure),
        "ece": round(float(expected_calibration_error(confidence, right)), 4) if sure else None,
    }


def _told(found: Tally) -> dict[str, Any]:
    return {
        "f1": round(found.f1, 4),
        "precision": round(found.right / max(1, found.right + found.wrong), 4),
        "recall": round(found.right / max(1, found.right + found.missed), 4),
        "marks": found.right + found.missed,
    }


def _table_f1(taught: Sequence[Example], rows: Sequence[Annotated]) -> float:
    """What looking up the mentions of the training rows would have found: the least to beat."""
    mentions: dict[str, list[str]] = {}
    for example in taught:
        for span in example.entities:
            mentions.setdefault(span.entity, []).append(example.text[span.start : span.end])
    table = EntityExtractor(lookups=mentions, regexes={}, synonyms={})
    total = Tally()
    for row in rows:
        total += tally(table.extract(row.text), row)
    return round(total.f1, 4)


def _latency(extractor: EntityExtractor, rows: Sequence[Annotated]) -> Mapping[str, float]:
    """Milliseconds a message for the entities alone, beside the encoder's pass."""
    times = []
    for row in rows[:TIMED]:
        began = time.perf_counter()
        extractor.extract(row.text, row.tokens)
        times.append((time.perf_counter() - began) * 1000)
    return {
        "p50": round(float(np.percentile(times, 50)), 2),
        "p95": round(float(np.percentile(times, 95)), 2),
    }


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusInvalid(f"{where} is no JSON: {error}.") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise CorpusInvalid(f"{where}: a row needs `text`.")
    return row
