"""Trains intents on one table and measures the served path on another: `evaluate-intents`.

Knows CSV files with the columns text and label; measures the exported int8 encoder and the numpy head.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from nlu.classifier import IntentClassifier
from retrieval.encoder import MODEL, Encoder
from retrieval.gloss import FILE as GLOSS
from training.accurate import tune_intents
from training.base import find_base
from training.context import Progress
from training.errors import CorpusInvalid, TooLittleData
from training.export import export_encoder, load_sentence_model
from training.fast import OOS_LABELS, Rows, encode_in_steps, fit_intents
from training.glossary import has_chinese
from training.head import HeadRecipe
from training.intent_figures import intent_figures, intent_intervals
from training.measured import Measured, measured
from training.promise import Promises
from training.report import prepare, write_report
from training.table import MOST_SHOWN, Table, contradictions, read_labelled

TIMED_SINGLY = 500
OOS = "oos"


def evaluate_intents(
    *,
    recipe: str,
    train: Path,
    test: Path,
    oos_train: Path | None,
    oos_test: Path | None,
    base: str,
    seed: int,
    device: str,
    report: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """The figures of design/interfaces.md; those of refusal are None without out-of-scope test rows. With
    `report` a page goes into that folder, and its path into the figures.
    """
    if report:
        prepare(report)
    rows, tested = _with_strays(train, oos_train), _with_strays(test, oos_test)
    _check(rows, train, tested, test)
    clashes = contradictions(rows)
    classifier, found, times = _measure(recipe, rows, tested, base, seed, device, progress)
    figures: dict[str, Any] = {
        **intent_figures(found, classifier),
        "intervals": intent_intervals(found, seed=seed),
        **times,
        "recipe": recipe,
        "rows": {"train": len(rows.texts), "test": len(tested.texts), "contradictory": len(clashes)},
        "contradictions": clashes[:MOST_SHOWN],
        "unknown_labels": sorted(set(tested.labels) - set(rows.labels) - OOS_LABELS),
    }
    if report:
        progress("report", 0, 1)
        making = _making(recipe, train, test, oos_train, oos_test, base, seed, figures)
        limit = classifier.oos_threshold
        page = write_report(report, found, figures, refused_from=limit, clashes=clashes, making=making)
        figures["report"] = str(page)
    return figures


def _measure(
    recipe: str, rows: Table, tested: Table, base: str, seed: int, device: str, progress: Progress
) -> tuple[IntentClassifier, Measured, dict[str, Any]]:
    """The trained classifier, what it said of the test rows, and how long training and reading took."""
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        encoder, classifier = train_on(recipe, rows, Path(scratch), base, seed, device, progress)
        seconds = time.monotonic() - started
        vectors = encode_in_steps(encoder.encode, tested.texts, lambda d, t: progress("test", d, t))
        found = measured(tested.texts, tested.labels, classifier.predict(vectors, tested.texts))
        times = {"train_seconds": round(seconds, 1), **_speed(classifier, encoder, tested.texts)}
        return classifier, found, times


def _check(rows: Table, train: Path, tested: Table, test: Path) -> None:
    """What can be told before minutes are spent. Raises TooLittleData, CorpusInvalid."""
    if len(set(rows.labels)) < 2:
        raise TooLittleData(f"{train} has one label, {rows.labels[0]!r}; add rows of another intent.")
    if all(label in OOS_LABELS for label in tested.labels):
        raise CorpusInvalid(f"{test} holds no message in scope; add rows with the label of an intent.")


def _with_strays(path: Path, strays: Path | None) -> Table:
    return read_labelled(path) + (read_labelled(strays, always=OOS) if strays else Table((), ()))


def _making(
    recipe: str,
    train: Path,
    test: Path,
    oos_train: Path | None,
    oos_test: Path | None,
    base: str,
    seed: int,
    figures: Mapping[str, Any],
) -> dict[str, str]:
    """How the figures came about, as the report begins."""
    strays = [f" and {path.parent.name}/{path.name}" if path else "" for path in (oos_train, oos_test)]
    return {
        "training rows": f"{train.parent.name}/{train.name}{strays[0]}, {figures['rows']['train']:,}",
        "test rows": f"{test.parent.name}/{test.name}{strays[1]}, {figures['rows']['test']:,}",
        "recipe": f"{recipe}, seed {seed}, trained in {figures['train_seconds']} s",
        "base model": base,
        "one message": f"{figures['latency_ms']['p50']} ms (p50), {figures['latency_ms']['p95']} ms (p95)",
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def train_on(
    recipe: str, rows: Table, scratch: Path, base_name: str, seed: int, device: str, progress: Progress
) -> tuple[Encoder, IntentClassifier]:
    """Trains intents in the folder `scratch` by a recipe: the encoder that serves them, and the
    classifier.
    """
    base = find_base(base_name)
    shared, out = scratch / "encoder", scratch / "intents"
    shared.mkdir()
    out.mkdir()
    progress("export encoder", 0, 1)
    chinese = has_chinese(rows.texts)
    export_encoder(load_sentence_model(base), base, shared, name=base_name, chinese=chinese)
    encoder = Encoder.load(shared)
    vectors = encode_in_steps(encoder.encode, rows.texts, lambda d, t: progress("encode", d, t))
    data = Rows(rows.texts, rows.labels, vectors)
    if recipe == "accurate":
        tune_intents(
            data, out, base=base, gloss=shared / GLOSS, promises=Promises(), seed=seed, device=device,
            progress=lambda d, t: progress("fine-tune", d, t),
        )  # fmt: skip
    else:
        fit_intents(
            data, out, recipe=HeadRecipe(), promises=Promises(), seed=seed, device=device,
            progress=lambda d, t: progress("train", d, t),
        )  # fmt: skip
    return Encoder.load(out) if (out / MODEL).is_file() else encoder, IntentClassifier.load(out)


def _speed(classifier: IntentClassifier, encoder: Encoder, texts: Sequence[str]) -> dict[str, Any]:
    times = []
    for text in texts[:TIMED_SINGLY]:
        began = time.perf_counter()
        classifier.predict(encoder.encode([text]), [text])
        times.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    classifier.predict(encoder.encode(texts[:TIMED_SINGLY]), texts[:TIMED_SINGLY])
    batch = time.perf_counter() - began
    return {
        "latency_ms": {
            "p50": round(float(np.percentile(times, 50)), 2),
            "p95": round(float(np.percentile(times, 95)), 2),
        },
        "batch_texts_per_second": round(len(times) / batch, 1),
    }
