"""How good feelings are, against labelled rows: the polarity, and anger.

Knows the four labels and arithmetic; not where rows or feelings came from.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nlu.sentiment import POLARITIES, Feeling
from training.scoring import expected_calibration_error, macro_f1

ANGRY_FROM = 0.5
"""The probability above which a message counts as angry, as where a project says nothing (bot/dialogue)."""


def score_feelings(feelings: Sequence[Feeling], labels: Sequence[str]) -> dict[str, Any]:
    """Figures of the polarity (`angry` is negative) and, where some rows are labelled so, of anger.

    `majority` is the accuracy of always saying the commonest polarity, `anger_rate` the share of rows that
    count as angry, `ece` that of the polarity (training/scoring.py). None: no row to tell by.
    """
    truth = ["negative" if label == "angry" else label for label in labels]
    chances = np.asarray([feeling.polarity for feeling in feelings])
    guesses = [POLARITIES[best] for best in chances.argmax(axis=1)]
    right = np.asarray([guess == true for guess, true in zip(guesses, truth, strict=True)])
    said = np.asarray([feeling.anger > ANGRY_FROM for feeling in feelings])
    angry = np.asarray([label == "angry" for label in labels])
    negative = np.asarray([true == "negative" for true in truth])
    return {
        "rows": len(labels),
        "accuracy": _rounded(right.mean()),
        "macro_f1": _rounded(macro_f1(truth, guesses)),
        "majority": _rounded(max(truth.count(name) for name in POLARITIES) / len(truth)),
        "negative_recall": _rounded(right[negative].mean()) if negative.any() else None,
        "ece": _rounded(expected_calibration_error(chances.max(axis=1), right)),
        "anger_rate": _rounded(said.mean()),
        "anger_precision": _rounded(angry[said].mean()) if angry.any() and said.any() else None,
        "anger_recall": _rounded(said[angry].mean()) if angry.any() else None,
    }


def _rounded(value: Any) -> float:
    return round(float(value), 4)
