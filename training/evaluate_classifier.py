"""Trains a classifier of texts or of table rows on one CSV file and measures it on another:
`evaluate-classifier`.

Knows any file with a column to predict; the models are those of intents and of risk.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.columns import as_number, find_columns, is_missing
from training.context import Progress
from training.errors import CorpusInvalid, TooLittleData
from training.evaluate_intents import Means, train_on
from training.intent_rows import encode_in_steps
from training.scoring import auroc, bootstrap, expected_calibration_error, macro_f1_of, wilson
from training.table import Table, read_table
from training.tabular import fit_tabular

LEAST_ROWS = 20
TIMED = 200

Floats = NDArray[np.float64]
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned: the rows of both files, their labels, and the classes of the training rows."""

    train: Sequence[Row]
    test: Sequence[Row]
    labels: tuple[str, ...]
    truth: tuple[str, ...]
    names: tuple[str, ...]
    columns: tuple[str, ...]  # all but the target and those to ignore


@dataclass(frozen=True, slots=True)
class Outcome:
    """Probabilities of the test rows [n, classes], and how they came about."""

    probabilities: Floats
    times: list[float]  # seconds for one row alone, of some rows
    train_seconds: float
    told: Mapping[str, Any]


def evaluate_classifier(
    *,
    kind: str,
    train: Path,
    test: Path,
    target: str,
    text: str | None,
    ignore: Sequence[str],
    means: Means,
    progress: Progress,
) -> dict[str, Any]:
    """The figures of design/interfaces.md. AUC is one class against the rest, averaged over the classes that
    have test rows; `majority` the accuracy of always giving the commonest label. Raises CorpusInvalid,
    TooLittleData.
    """
    task = _task(train, test, target, ignore)
    if kind == "text":
        outcome = _texts(task, _text_column(task, text, train), means, progress)
    else:
        outcome = _rows(task, train, means.seed, progress)
    commonest = max(task.names, key=task.labels.count)
    return {
        **_figures(task, outcome.probabilities, means.seed),
        "majority": round(task.truth.count(commonest) / len(task.truth), 4),
        "train_seconds": round(outcome.train_seconds, 1),
        "latency_ms": {f"p{p}": round(1000 * float(np.percentile(outcome.times, p)), 2) for p in (50, 95)},
        "rows": {"train": len(task.train), "test": len(task.test), "classes": len(task.names)},
        "unknown_labels": sorted(set(task.truth) - set(task.names)),
        **outcome.told,
    }


def _task(train: Path, test: Path, target: str, ignore: Sequence[str]) -> Task:
    rows, tested = _labelled(train, target), _labelled(test, target)
    labels, truth = tuple(row[target].strip() for row in rows), tuple(row[target].strip() for row in tested)
    names = tuple(sorted(set(labels), key=lambda name: (as_number(name) or 0.0, name)))
    if len(names) < 2:
        raise TooLittleData(f"{train} has one class under {target}; a classifier needs two at least.")
    if len(rows) < LEAST_ROWS:
        raise TooLittleData(f"{train} has {len(rows)} rows; a classifier needs {LEAST_ROWS} at least.")
    if not set(truth) & set(names):
        raise CorpusInvalid(
            f"No label under {target} in {test} occurs in {train}; are these the same labels?"
        )
    for name in ignore:
        if name not in rows[0]:
            raise CorpusInvalid(f"{train} has no column {name} to ignore; it has {', '.join(rows[0])}.")
    columns = tuple(name for name in rows[0] if name != target and name not in ignore)
    for name in columns:
        if name not in tested[0]:
            raise CorpusInvalid(f"{test} lacks the column {name} of {train}; add it, or --ignore it.")
    return Task(rows, tested, labels, truth, names, columns)


def _labelled(path: Path, target: str) -> list[dict[str, str]]:
    rows = read_table(path, target)
    if not rows:
        raise CorpusInvalid(f"{path} has no rows under its header.")
    for place, row in enumerate(rows, start=2):
        if is_missing(row[target]):
            raise CorpusInvalid(f"{path}, row {place}, has no {target}; add it, or delete the row.")
    return rows


def _text_column(task: Task, wished: str | None, path: Path) -> str:
    """The one asked for, else `text`, else the one with the longest texts."""
    if wished is not None:
        if wished not in task.columns:
            raise CorpusInvalid(f"{path} has no column {wished} to read; it has {', '.join(task.columns)}.")
        return wished
    if "text" in task.columns:
        return "text"
    lengths = {
        name: float(np.mean([len(row[name] or "") for row in task.train]))
        for name in task.columns
        if any(as_number(row[name] or "") is None and not is_missing(row[name] or "") for row in task.train)
    }
    if not lengths:
        raise CorpusInvalid(f"{path} has no column of texts; name one by --text, or use --kind tabular.")
    return max(lengths, key=lambda name: lengths[name])


def _texts(task: Task, column: str, means: Means, progress: Progress) -> Outcome:
    """By the intents' encoder and head, as they are served."""
    data = Table(tuple(row[column] or "" for row in task.train), task.labels)
    texts = [row[column] or "" for row in task.test]
    with tempfile.TemporaryDirectory() as scratch:
        began = time.monotonic()
        (encoder, _), classifier, _ = train_on(means, data, Path(scratch), progress)
        seconds, times = time.monotonic() - began, []
        vectors = encode_in_steps(encoder.encode, texts, lambda d, t: progress("test", d, t))
        found = classifier.predict(vectors, texts)
        for text in texts[:TIMED]:
            began = time.perf_counter()
            classifier.predict(encoder.encode([text]), [text])
            times.append(time.perf_counter() - began)
    by_name = [dict(prediction.verdicts) for prediction in found]
    chances = np.asarray([[verdicts[name] for name in task.names] for verdicts in by_name], dtype=np.float64)
    return Outcome(chances, times, seconds, {"kind": "text", "text": column, "recipe": means.choice.recipe})


def _rows(task: Task, path: Path, seed: int, progress: Progress) -> Outcome:
    """By the additive model that grades loans, over whatever the columns hold."""
    columns, remarks = find_columns(task.train, task.columns, task.labels)
    if not columns:
        raise TooLittleData(f"{path} has no column to learn from: {'; '.join(remarks) or 'only the target'}.")
    began = time.monotonic()
    inputs = {name: values for column in columns for name, values in column.read(task.train).items()}
    labels = np.asarray([task.names.index(label) for label in task.labels], dtype=np.int64)
    order = all(as_number(name) is not None for name in task.names)
    model = fit_tabular(inputs, labels, task.names, order=order, seed=seed, progress=progress)
    seconds, times = time.monotonic() - began, []
    tested = {name: values for column in columns for name, values in column.read(task.test).items()}
    for place in range(min(TIMED, len(task.test))):
        began = time.perf_counter()
        model.probabilities({name: values[place : place + 1] for name, values in tested.items()})
        times.append(time.perf_counter() - began)
    told = {
        "kind": "tabular",
        "columns": {column.name: "number" if column.numeric else "category" for column in columns},
        "remarks": remarks,
        "ordered": model.ordered,
        "ridge": model.ridge,
    }
    return Outcome(model.probabilities(tested), times, seconds, told)


def _figures(task: Task, chances: Floats, seed: int) -> dict[str, Any]:
    """A test label that training never saw counts as misread, and its row as one no class was right for."""
    names = (*task.names, *sorted(set(task.truth) - set(task.names)))
    truth = np.asarray([names.index(label) for label in task.truth], dtype=np.int64)
    guesses = chances.argmax(axis=1)
    right, confidence = guesses == truth, chances.max(axis=1)
    wide = np.hstack([chances, np.zeros((len(chances), len(names) - chances.shape[1]))])
    distance = ((wide - np.eye(len(names))[truth]) ** 2).sum(axis=1)
    area = _auc(chances, truth)
    return {
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1_of(truth, guesses),
        "auc": area,
        "brier": float(distance.mean()),
        "ece": expected_calibration_error(confidence, right),
        "intervals": {
            "accuracy": wilson(int(right.sum()), len(right)),
            "macro_f1": bootstrap(lambda at: macro_f1_of(truth[at], guesses[at]), len(truth), seed=seed),
            "auc": bootstrap(lambda at: _auc(chances[at], truth[at]) or 0.5, len(truth), seed=seed),
            "brier": bootstrap(lambda at: float(distance[at].mean()), len(truth), seed=seed),
            "ece": bootstrap(
                lambda at: expected_calibration_error(confidence[at], right[at]), len(truth), seed=seed
            ),
        },
    }


def _auc(chances: Floats, truth: NDArray[np.int64]) -> float | None:
    """None where all rows are of one class."""
    areas = [
        auroc(chances[truth == place, place], chances[truth != place, place])
        for place in range(chances.shape[1])
        if 0 < (truth == place).sum() < len(truth)
    ]
    return float(np.mean(areas)) if areas else None
