"""How good predicted probabilities are: the five figures reported for every small classifier.

Knows arrays of probabilities and true labels; not where either came from.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from training.scoring import expected_calibration_error


def score_probabilities(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, Any]:
    """Figures for probabilities [n, k] and true labels [n], every one of the k classes present.

    `auc` is one class against the rest, averaged over the classes; `brier` the mean squared distance to the
    one-hot truth (0 to 2, Brier 1950); `ece` that of training/scoring.py.
    """
    guesses = probabilities.argmax(axis=1)
    one_hot = np.eye(probabilities.shape[1])[labels]
    return {
        "rows": len(labels),
        "accuracy": _rounded(np.mean(guesses == labels)),
        "macro_f1": _rounded(f1_score(labels, guesses, average="macro")),
        "auc": _rounded(roc_auc_score(one_hot, probabilities, average="macro")),
        "brier": _rounded(np.mean(np.sum((probabilities - one_hot) ** 2, axis=1))),
        "ece": _rounded(expected_calibration_error(probabilities.max(axis=1), guesses == labels)),
    }


def _rounded(value: Any) -> float:
    return round(float(value), 4)
