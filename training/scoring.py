"""Figures of merit that the project reports, from arrays: classification, refusal, calibration, ranking,
and the intervals that so many rows allow.

Knows definitions; knows no model and no file.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

TRIES = 1000  # resamples of a bootstrap
NORMAL_95 = 1.959964


def macro_f1(truth: Sequence[str], found: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in the truth."""
    number = {label: i for i, label in enumerate(dict.fromkeys((*truth, *found)))}
    return macro_f1_of(np.asarray([number[t] for t in truth]), np.asarray([number[f] for f in found]))


def macro_f1_of(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """The same of class numbers [n]; 0 without rows."""
    if not len(truth):
        return 0.0
    size = int(max(truth.max(), found.max())) + 1
    expected, taken = np.bincount(truth, minlength=size), np.bincount(found, minlength=size)
    hits = np.bincount(truth[truth == found], minlength=size)
    there = expected > 0
    return float((2 * hits[there] / (expected + taken)[there]).mean())


def micro_f1(truth: Sequence[frozenset[str]], found: Sequence[frozenset[str]]) -> float:
    """F1 over all (row, label) pairs, several labels a row; 0 where there are none."""
    hits = sum(len(expected & taken) for expected, taken in zip(truth, found, strict=True))
    both = sum(map(len, truth)) + sum(map(len, found))
    return 2 * hits / both if both else 0.0


def wilson(hits: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson's score (1927); all of it without rows."""
    if rows == 0:
        return 0.0, 1.0
    share, square = hits / rows, NORMAL_95**2
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    half = NORMAL_95 * np.sqrt(share * (1 - share) / rows + square / (4 * rows**2)) / (1 + square / rows)
    return round(max(0.0, float(middle - half)), 4), round(min(1.0, float(middle + half)), 4)


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], rows: int, *, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile interval of figure(places of rows) over rows drawn with replacement (Efron
    1979).
    """
    chance = np.random.default_rng(seed)
    found = [figure(chance.integers(rows, size=rows)) for _ in range(TRIES)]
    low, high = np.percentile(found, (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


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
