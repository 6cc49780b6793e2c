"""Serves bundles on frozen rows as the bot would, and compares what they read.

Knows rows, encoders and classifiers; judges nothing (training/gate.py does).
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.artifacts import Bundle, verify
from nlu.classifier import IntentClassifier, IntentPrediction
from retrieval.paired import IntentEncoder, load_encoders
from training.errors import GateInputMissing
from training.scoring import expected_calibration_error, macro_f1

OUT_OF_SCOPE = "out_of_scope"
_STRAYS = frozenset({OUT_OF_SCOPE, "oos"})
RESAMPLES = 2000
_WARM_READS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A message and the intent it has. `source` names it in the report, which holds no texts."""

    text: str
    intent: str
    language: str
    source: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A verified bundle's reading parts."""

    bundle: Bundle
    encoder: IntentEncoder
    classifier: IntentClassifier
    bytes: int

    def read(self, text: str) -> IntentPrediction:
        """One message, as the server reads it."""
        return self.classifier.predict(self.encoder.encode([text]), [text])[0]


@dataclass(frozen=True, slots=True)
class Readings:
    """What one bundle read on rows [n]. `intents` holds `out_of_scope` where the message was refused."""

    intents: tuple[str, ...]
    tops: tuple[str, ...]  # the likeliest intent, refused or not
    confidences: NDArray[np.float64]
    milliseconds: float  # median of one reading


def read_rows(path: Path) -> tuple[Row, ...]:
    """Rows of gold.jsonl or reviewed.jsonl. Raises GateInputMissing."""
    try:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        return tuple(
            Row(str(r["text"]), _one_name(str(r["intent"])), str(r["language"]), str(r["source"]))
            for r in found
        )
    except OSError as error:
        raise GateInputMissing(f"{path.name} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise GateInputMissing(
            f"{path.name} holds a line that is no row of text, intent, language, source"
        ) from error


def load_reader(folder: Path) -> Reader:
    """The bundle in `folder`, every byte verified. Raises GateInputMissing, NluError, RetrievalError."""
    bundle = verify(folder)
    if "intents" not in bundle.parts:
        raise GateInputMissing(f"{bundle.id} has no intents to read with")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Reader(bundle, load_encoders(folder)[0], IntentClassifier.load(folder / "intents"), size)


def read_all(
    readers: Sequence[Reader], rows: Sequence[Row], progress: Callable[[int, int], None]
) -> list[Readings]:
    """Every reader on every row, in turn on each row, so that a busy machine slows all of them alike."""
    found: list[list[IntentPrediction]] = [[] for _ in readers]
    seconds = np.zeros((len(readers), len(rows)))
    for reader in readers:
        for row in rows[:_WARM_READS]:
            reader.read(row.text)
    for number, row in enumerate(rows):
        for place, reader in enumerate(readers):
            began = time.perf_counter()
            found[place].append(reader.read(row.text))
            seconds[place, number] = time.perf_counter() - began
        progress(number + 1, len(rows))
    medians = np.median(seconds, axis=1) * 1000 if rows else np.zeros(len(readers))
    return [_readings(predictions, float(m)) for predictions, m in zip(found, medians, strict=True)]


def _readings(predictions: Sequence[IntentPrediction], milliseconds: float) -> Readings:
    tops = tuple(_one_name(p.verdicts[0][0]) for p in predictions)
    return Readings(
        intents=tuple(OUT_OF_SCOPE if p.out_of_scope else t for p, t in zip(predictions, tops, strict=True)),
        tops=tops,
        confidences=np.asarray([p.verdicts[0][1] for p in predictions], dtype=np.float64),
        milliseconds=milliseconds,
    )


def _one_name(intent: str) -> str:
    return OUT_OF_SCOPE if intent in _STRAYS else intent


def right(readings: Readings, rows: Sequence[Row]) -> NDArray[np.bool_]:
    """[n]: whether each row was read as what it is."""
    return np.asarray(
        [found == row.intent for found, row in zip(readings.intents, rows, strict=True)], dtype=bool
    )


def figures(readings: Readings, rows: Sequence[Row]) -> dict[str, Any]:
    """What the report says of one bundle on `rows`, of which there is at least one.

    `accuracy` and `macro_f1` count a refusal as `out_of_scope`, as the bot does not act on it; `ece`
    is that of the likeliest intent over the rows in scope; `oos_recall` is None where no row is out of scope.
    """
    truth = [row.intent for row in rows]
    inside = np.asarray([intent != OUT_OF_SCOPE for intent in truth], dtype=bool)
    tops = np.asarray([top == intent for top, intent in zip(readings.tops, truth, strict=True)], dtype=bool)
    hits = right(readings, rows)
    return {
        "accuracy": _rounded(hits.mean()),
        "macro_f1": _rounded(macro_f1(truth, readings.intents)),
        "likeliest_accuracy": _rounded(tops[inside].mean()) if inside.any() else None,
        "ece": _rounded(expected_calibration_error(readings.confidences[inside], tops[inside]))
        if inside.any()
        else None,
        "oos_recall": _rounded(hits[~inside].mean()) if (~inside).any() else None,
        "read_ms": round(readings.milliseconds, 2),
    }


def paired_bootstrap(
    candidate: NDArray[np.bool_], champion: NDArray[np.bool_], *, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """(low, high): between them lies the difference in accuracy, candidate minus champion, with 5 % of the
    resamples beyond each end. Rows [n] are drawn with both readings (Efron & Tibshirani 1993, ch. 13).
    """
    gains = candidate.astype(np.int64) - champion.astype(np.int64)
    chance = np.random.default_rng(seed)
    means = [gains[chance.integers(len(gains), size=len(gains))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.05, 0.95])
    return _rounded(low), _rounded(high)


def by_group(rows: Sequence[Row], hits: Sequence[NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Rows and accuracy of each reader, for each intent and each language."""
    keys = [("intent", row.intent) for row in rows], [("language", row.language) for row in rows]
    table = []
    for column in keys:
        for kind, name in sorted(set(column)):
            members = [place for place, key in enumerate(column) if key == (kind, name)]
            shares = [_rounded(hit[members].mean()) for hit in hits]
            table.append({kind: name, "rows": len(members), "accuracy": shares})
    return table


def _rounded(value: Any) -> float:
    return round(float(value), 4)
