"""The figures of a measured intent classifier, and the 95 % intervals that so many rows allow.

Knows definitions over measured rows; knows no file, and nothing of how the classifier was trained.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import IntentClassifier
from training.measured import Measured
from training.scoring import (
    area_under_risk_coverage,
    auroc,
    bootstrap,
    coverage_at_error,
    expected_calibration_error,
    macro_f1_of,
    wilson,
)

ERROR = 0.02  # at which coverage is told
RESAMPLES = 100


def intent_figures(rows: Measured, classifier: IntentClassifier) -> dict[str, Any]:
    """The figures of design/interfaces.md; those of refusal are None without out-of-scope test rows."""
    right, confidence = rows.right[rows.inside], rows.confidence[rows.inside]
    sets = [(rows.found[i].prediction_set, rows.labels[i]) for i in rows.ours]
    return {
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1_of(*_numbered(rows)),
        **_refusal(rows),
        "ece": expected_calibration_error(confidence, right),
        "aurc": area_under_risk_coverage(confidence, right),
        "coverage_at_2pct_error": coverage_at_error(confidence, right, error=ERROR),
        "prediction_set": {
            "alpha": classifier.alpha,
            "guarantee": classifier.guarantee,
            "covered": float(np.mean([label in members for members, label in sets])),
            "mean_size": float(np.mean([len(members) for members, _ in sets])),
            "single": float(np.mean([len(members) == 1 for members, _ in sets])),
        },
        "acted_on_alone": _alone(rows, classifier),
    }


def intent_intervals(rows: Measured, *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Figure to its 95 % interval: Wilson's for shares of rows, else the bootstrap's over the test rows.

    Resampling itself looks like miscalibration, so the interval of `ece` leans upwards; `ece_if_perfect` is
    what probabilities that are exactly right would show in 95 of 100 such tests.
    """
    right, confidence, kept = rows.right[rows.inside], rows.confidence[rows.inside], _kept(rows)
    truth, guesses = _numbered(rows)
    size = len(right)
    found = {
        "accuracy": wilson(int(right.sum()), size),
        "macro_f1": bootstrap(lambda at: macro_f1_of(truth[at], guesses[at]), size, seed=seed),
        "in_scope_accuracy_with_rejection": wilson(int(kept.sum()), size),
        "ece": bootstrap(lambda at: expected_calibration_error(confidence[at], right[at]), size, seed=seed),
        "ece_if_perfect": _ece_of_the_perfect(confidence, seed),
        "aurc": bootstrap(lambda at: area_under_risk_coverage(confidence[at], right[at]), size, seed=seed),
        "coverage_at_2pct_error": bootstrap(
            lambda at: coverage_at_error(confidence[at], right[at], error=ERROR), size, seed=seed
        ),
    }
    misread = _misread_alone(rows)
    found |= _refusal_intervals(rows, seed) | {"alone_wrong": wilson(sum(misread), len(misread))}
    return found


def _refusal_intervals(rows: Measured, seed: int) -> dict[str, tuple[float, float]]:
    if rows.inside.all():
        return {}
    caught = rows.refused & ~rows.inside
    scores, strange = rows.strangeness, ~rows.inside

    def separation(at: NDArray[np.int64]) -> float:
        drawn = strange[at]
        return auroc(scores[at][drawn], scores[at][~drawn]) if 0 < drawn.sum() < len(drawn) else 0.5

    return {
        "oos_recall": wilson(int(caught.sum()), int(strange.sum())),
        "oos_precision": wilson(int(caught.sum()), int(rows.refused.sum())),
        "auroc": bootstrap(separation, len(scores), seed=seed),
    }


def _ece_of_the_perfect(confidence: NDArray[np.float64], seed: int) -> tuple[float, float]:
    chance = np.random.default_rng(seed)
    return bootstrap(
        lambda _: expected_calibration_error(confidence, chance.random(len(confidence)) < confidence),
        len(confidence),
        seed=seed,
    )


def _numbered(
    rows: Measured,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels and guesses of the rows in scope as numbers, [m] each."""
    number = {name: i for i, name in enumerate(dict.fromkeys((*rows.labels, *rows.guesses)))}
    return (
        np.asarray([number[rows.labels[i]] for i in rows.ours]),
        np.asarray([number[rows.guesses[i]] for i in rows.ours]),
    )


def _kept(rows: Measured) -> NDArray[np.bool_]:
    """Which rows in scope are accepted and rightly read, [m]."""
    return rows.right[rows.inside] & ~rows.refused[rows.inside]


def _refusal(rows: Measured) -> dict[str, Any]:
    kept = float(_kept(rows).mean())
    if rows.inside.all():
        return {
            "oos_recall": None,
            "oos_precision": None,
            "in_scope_accuracy_with_rejection": kept,
            "auroc": None,
        }
    return {
        "oos_recall": float(rows.refused[~rows.inside].mean()),
        "oos_precision": float((rows.refused & ~rows.inside).sum() / max(1, rows.refused.sum())),
        "in_scope_accuracy_with_rejection": kept,
        "auroc": auroc(rows.strangeness[~rows.inside], rows.strangeness[rows.inside]),
    }


def _alone(rows: Measured, classifier: IntentClassifier) -> dict[str, Any]:
    """What the promise comes to on the test rows: misread ones, strays among them, of those acted on
    alone.
    """
    misread = _misread_alone(rows)
    return {
        "wrong_at_most": classifier.wrong_at_most,
        "threshold": classifier.sure_from,
        "coverage": len(misread) / len(rows.found),
        "wrong": float(np.mean(misread)) if misread else None,
        "kept_in_resamples": _kept_in_resamples(misread, classifier.wrong_at_most),
    }


def _kept_in_resamples(misread: Sequence[bool], wrong_at_most: float) -> float | None:
    """In which share of RESAMPLES of the rows acted on alone no more are misread than promised."""
    if not misread:
        return None
    drawn = np.random.default_rng(0).choice(misread, size=(RESAMPLES, len(misread)))
    return float((drawn.mean(axis=1) <= wrong_at_most).mean())


def _misread_alone(rows: Measured) -> list[bool]:
    """Of each row that would be acted on alone, whether it was misread."""
    return [
        prediction.verdicts[0][0] != label
        for prediction, label in zip(rows.found, rows.labels, strict=True)
        if prediction.sure
    ]
