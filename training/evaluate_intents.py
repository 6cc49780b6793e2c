"""Trains intents on one table and measures the served path on another: `evaluate-intents`.

Knows CSV files with the columns text and label; measures the exported int8 encoder and the numpy head.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import IntentClassifier
from nlu.requests import RequestModel, parts_of
from retrieval.encoder import Encoder
from retrieval.gloss import FILE as GLOSS
from retrieval.paired import IntentEncoder, load_encoders
from training.base import find_base
from training.context import PartResult, Progress
from training.errors import CorpusInvalid, TooLittleData
from training.export import export_encoder, load_sentence_model
from training.glossary import has_chinese
from training.intent_figures import intent_figures, intent_intervals
from training.intent_rows import OOS_LABELS, IntentJob, encode_in_steps, labelled
from training.knobs import Choice
from training.measured import Measured, measured
from training.promise import Promises
from training.recipes import fit_intents
from training.report import prepare, write_report
from training.scoring import auroc, micro_f1
from training.table import MOST_SHOWN, Table, contradictions, read_labelled

TIMED_SINGLY = 500
Floats = NDArray[np.float32]
OOS = "oos"


@dataclass(frozen=True, slots=True)
class Means:
    """What a classifier of texts is made with."""

    choice: Choice
    base: str
    seed: int
    device: str


def evaluate_intents(
    *,
    means: Means,
    train: Path,
    test: Path,
    oos_train: Path | None,
    oos_test: Path | None,
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
    classifier, made, found, more = _measure(means, rows, tested, progress)
    figures: dict[str, Any] = {
        **intent_figures(found, classifier),
        "intervals": intent_intervals(found, seed=means.seed),
        **more,
        "recipe": means.choice.recipe,
        "knobs": dict(made.recipe),
        "rows": {"train": len(rows.texts), "test": len(tested.texts), "contradictory": len(clashes)},
        "contradictions": clashes[:MOST_SHOWN],
        "unknown_labels": sorted(set(tested.labels) - set(rows.labels) - OOS_LABELS),
    }
    if report:
        progress("report", 0, 1)
        making = _making(means, train, test, oos_train, oos_test, figures)
        limit = classifier.oos_threshold
        page = write_report(report, found, figures, refused_from=limit, clashes=clashes, making=making)
        figures["report"] = str(page)
    return figures


def _measure(
    means: Means, rows: Table, tested: Table, progress: Progress
) -> tuple[IntentClassifier, PartResult, Measured, dict[str, Any]]:
    """The trained classifier and its record, what it said of the test rows, and what else that tells: how
    long training and reading took among it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        encoders, classifier, made = train_on(means, rows, Path(scratch), progress)
        encoder = encoders[0]
        seconds = time.monotonic() - started
        vectors = encode_in_steps(encoder.encode, tested.texts, lambda d, t: progress("test", d, t))
        found = measured(tested.texts, tested.labels, classifier.predict(vectors, tested.texts))
        more = {
            "train_seconds": round(seconds, 1),
            **_speed(classifier, encoder, tested.texts),
            "auroc_by": _auroc_by(found, *classifier.strangeness(vectors, tested.texts)),
            "requests": _requests(RequestModel.load(Path(scratch) / "intents"), encoders[1], found),
        }
        return classifier, made, found, more


def _auroc_by(found: Measured, energies: Floats, distances: Floats) -> dict[str, float] | None:
    """How well each score alone tells strays; together they are the `auroc`."""
    if found.inside.all():
        return None
    scores = {"energy": energies, "distance": distances}
    return {name: auroc(score[~found.inside], score[found.inside]) for name, score in scores.items()}


def _requests(model: RequestModel | None, shared: Encoder, found: Measured) -> dict[str, float] | None:
    """The micro-F1 of single intents where labels join them (`a+b`): by the model of several requests, and by
    the parts of the likeliest label. As in a reading, one request alone is left to that label.
    """
    if model is None:
        return None
    texts = [found.texts[i] for i in found.ours]
    truth = [frozenset(parts_of(found.labels[i])) for i in found.ours]
    whole = [frozenset(parts_of(found.guesses[i])) for i in found.ours]
    read = model.read(encode_in_steps(shared.encode, texts, lambda *_: None), texts)
    likely = [
        frozenset(name for name, _ in made) if len(made) > 1 else parts
        for made, parts in zip(read, whole, strict=True)
    ]
    return {"micro_f1": micro_f1(truth, likely), "micro_f1_by_label": micro_f1(truth, whole)}


def _check(rows: Table, train: Path, tested: Table, test: Path) -> None:
    """What can be told before minutes are spent. Raises TooLittleData, CorpusInvalid."""
    if len(set(rows.labels)) < 2:
        raise TooLittleData(f"{train} has one label, {rows.labels[0]!r}; add rows of another intent.")
    if all(label in OOS_LABELS for label in tested.labels):
        raise CorpusInvalid(f"{test} holds no message in scope; add rows with the label of an intent.")


def _with_strays(path: Path, strays: Path | None) -> Table:
    return read_labelled(path) + (read_labelled(strays, always=OOS) if strays else Table((), ()))


def _making(
    means: Means,
    train: Path,
    test: Path,
    oos_train: Path | None,
    oos_test: Path | None,
    figures: Mapping[str, Any],
) -> dict[str, str]:
    """How the figures came about, as the report begins."""
    strays = [f" and {path.parent.name}/{path.name}" if path else "" for path in (oos_train, oos_test)]
    return {
        "training rows": f"{train.parent.name}/{train.name}{strays[0]}, {figures['rows']['train']:,}",
        "test rows": f"{test.parent.name}/{test.name}{strays[1]}, {figures['rows']['test']:,}",
        "recipe": f"{means.choice.recipe}, seed {means.seed}, trained in {figures['train_seconds']} s",
        "base model": means.base,
        "one message": f"{figures['latency_ms']['p50']} ms (p50), {figures['latency_ms']['p95']} ms (p95)",
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def train_on(
    means: Means, rows: Table, scratch: Path, progress: Progress
) -> tuple[tuple[IntentEncoder, Encoder], IntentClassifier, PartResult]:
    """Trains intents in the folder `scratch`: the encoder that serves them and the shared one, the
    classifier, and what goes on record.
    """
    base = find_base(means.base)
    shared, out = scratch / "encoder", scratch / "intents"
    shared.mkdir()
    out.mkdir()
    progress("export encoder", 0, 1)
    chinese = has_chinese(rows.texts)
    export_encoder(load_sentence_model(base), base, shared, name=means.base, chinese=chinese)
    encoder = Encoder.load(shared)
    vectors = encode_in_steps(encoder.encode, rows.texts, lambda d, t: progress("encode", d, t))
    job = IntentJob(
        rows=labelled(rows.texts, rows.labels, vectors),
        out=out,
        base=base,
        gloss=shared / GLOSS,
        encode=encoder.encode,
        promises=Promises(),
        seed=means.seed,
        device=means.device,
        progress=progress,
    )
    made = fit_intents(job, means.choice)
    return load_encoders(scratch), IntentClassifier.load(out), made


def _speed(classifier: IntentClassifier, encoder: IntentEncoder, texts: Sequence[str]) -> dict[str, Any]:
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
