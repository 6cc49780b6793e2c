"""Figures of merit that the project reports, from arrays: classification, refusal, calibration, ranking.

Knows definitions; knows no model and no file.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


def macro_f1(truth: Sequence[str], found: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in the truth."""
    scores = []
    for label in sorted(set(truth)):
        hits = sum(t == label == f for t, f in zip(truth, found, strict=True))
        scores.append(2 * hits / (truth.count(label) + found.count(label)) if hits else 0.0)
    return float(np.mean(scores)) if scores else 0.0


def expected_calibration_error(confidence: Floats, right: Bools, *, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their rows."""
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[places == b].mean() - right[places == b].mean()) * (places == b).mean()
        for b in set(places)
    ]
    return float(sum(gaps))


def risk_by_coverage(confidence: Floats, right: Bools) -> Floats:
    """Error among the k most confident rows, for k = 1..n."""
    wrong = ~right[np.argsort(-confidence, kind="stable")]
    return np.asarray(np.cumsum(wrong) / np.arange(1, len(wrong) + 1), dtype=np.float64)


def area_under_risk_coverage(confidence: Floats, right: Bools) -> float:
    """Mean of the risk over all coverages; 0 is best."""
    return float(risk_by_coverage(confidence, right).mean())


def coverage_at_error(confidence: Floats, right: Bools, *, error: float) -> float:
    """The largest share of rows, most confident first, whose error stays within `error`."""
    within = np.flatnonzero(risk_by_coverage(confidence, right) <= error)
    return float((within[-1] + 1) / len(right)) if len(within) else 0.0


def auroc(positive: Floats, negative: Floats) -> float:
    """The chance that a positive row scores above a negative one; ties count half."""
    merged = np.concatenate([positive, negative])
    _, places, counts = np.unique(merged, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float(
        (ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2)
        / (len(positive) * len(negative))
    )


def ranking(ranks: Sequence[int | None]) -> dict[str, float]:
    """Recall at 1 and 5, MRR, MAP and nDCG at 10, one right answer a query; ranks from 1, None: not found.

    With one right answer average precision is the reciprocal rank, so MAP equals MRR.
    """
    reciprocal = float(np.mean([1 / r if r else 0.0 for r in ranks]))
    return {
        "recall_at_1": float(np.mean([r == 1 for r in ranks])),
        "recall_at_5": float(np.mean([r is not None and r <= 5 for r in ranks])),
        "mrr": reciprocal,
        "map": reciprocal,
        "ndcg_at_10": float(np.mean([1 / np.log2(r + 1) if r and r <= 10 else 0.0 for r in ranks])),
    }
