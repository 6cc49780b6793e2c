"""Trains intents on one table and measures the served path on another: `evaluate-intents`.

Knows CSV files with the columns text and label; measures the exported int8 encoder and the numpy head.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlu.classifier import IntentClassifier, IntentPrediction
from retrieval.encoder import MODEL, Encoder
from retrieval.gloss import FILE as GLOSS
from training.accurate import tune_intents
from training.base import find_base
from training.context import Progress
from training.export import export_encoder, load_sentence_model
from training.fast import OOS_LABELS, Rows, encode_in_steps, fit_intents
from training.glossary import has_chinese
from training.head import HeadRecipe
from training.promise import Promises
from training.scoring import (
    area_under_risk_coverage,
    auroc,
    coverage_at_error,
    expected_calibration_error,
    macro_f1,
)
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
    progress: Progress,
) -> dict[str, Any]:
    """The figures of design/interfaces.md; those of refusal are None without out-of-scope test rows."""
    rows = read_labelled(train) + (read_labelled(oos_train, always=OOS) if oos_train else Table((), ()))
    tested = read_labelled(test) + (read_labelled(oos_test, always=OOS) if oos_test else Table((), ()))
    clashes = contradictions(rows)
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        encoder, classifier = _trained(recipe, rows, Path(scratch), base, seed, device, progress)
        seconds = time.monotonic() - started
        return {
            **_figures(classifier, encoder, tested, progress),
            "train_seconds": round(seconds, 1),
            **_speed(classifier, encoder, tested.texts),
            "recipe": recipe,
            "rows": {"train": len(rows.texts), "test": len(tested.texts), "contradictory": len(clashes)},
            "contradictions": clashes[:MOST_SHOWN],
        }


def _trained(
    recipe: str, rows: Table, scratch: Path, base_name: str, seed: int, device: str, progress: Progress
) -> tuple[Encoder, IntentClassifier]:
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


def _figures(
    classifier: IntentClassifier, encoder: Encoder, tested: Table, progress: Progress
) -> dict[str, Any]:
    vectors = encode_in_steps(encoder.encode, tested.texts, lambda d, t: progress("test", d, t))
    found = classifier.predict(vectors, tested.texts)
    inside = np.asarray([label not in OOS_LABELS for label in tested.labels])
    ours = [(p, label) for p, label, ok in zip(found, tested.labels, inside, strict=True) if ok]
    truth, guesses = [label for _, label in ours], [_best_intent(p) for p, _ in ours]
    right = np.asarray([t == g for t, g in zip(truth, guesses, strict=True)])
    confidence = np.asarray([p.verdicts[0][1] for p, _ in ours])
    sizes = [len(p.prediction_set) for p, _ in ours]
    return {
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1(truth, guesses),
        **_refusal(found, inside, right),
        "ece": expected_calibration_error(confidence, right),
        "aurc": area_under_risk_coverage(confidence, right),
        "coverage_at_2pct_error": coverage_at_error(confidence, right, error=0.02),
        "prediction_set": {
            "alpha": classifier.alpha,
            "guarantee": classifier.guarantee,
            "covered": float(np.mean([t in p.prediction_set for p, t in ours])),
            "mean_size": float(np.mean(sizes)),
            "single": float(np.mean([size == 1 for size in sizes])),
        },
        "acted_on_alone": _alone(classifier, found, tested.labels),
    }


def _alone(
    classifier: IntentClassifier, found: Sequence[IntentPrediction], labels: Sequence[str]
) -> dict[str, Any]:
    """What the promise comes to on the test rows: misread ones, strays among them, of those acted on
    alone.
    """
    alone = [(p.verdicts[0][0], label) for p, label in zip(found, labels, strict=True) if p.sure]
    return {
        "wrong_at_most": classifier.wrong_at_most,
        "threshold": classifier.sure_from,
        "coverage": len(alone) / len(found),
        "wrong": float(np.mean([guess != label for guess, label in alone])) if alone else None,
    }


def _best_intent(prediction: IntentPrediction) -> str:
    """The likeliest label that is an intent: refusal is measured apart from telling intents apart."""
    return next(
        (name for name, _ in prediction.verdicts if name not in OOS_LABELS), prediction.verdicts[0][0]
    )


def _refusal(
    found: Sequence[IntentPrediction], inside: np.ndarray[Any, Any], right: np.ndarray[Any, Any]
) -> dict[str, Any]:
    refused = np.asarray([p.out_of_scope for p in found])
    kept = float((right & ~refused[inside]).mean())
    if inside.all():
        return {
            "oos_recall": None,
            "oos_precision": None,
            "in_scope_accuracy_with_rejection": kept,
            "auroc": None,
        }
    scores = np.asarray([p.oos_score for p in found])
    return {
        "oos_recall": float(refused[~inside].mean()),
        "oos_precision": float((refused & ~inside).sum() / max(1, refused.sum())),
        "in_scope_accuracy_with_rejection": kept,
        "auroc": auroc(scores[~inside], scores[inside]),
    }


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
