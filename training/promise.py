"""A threshold with a promise: of the messages that are acted on alone, at most so many are misread.

Knows confidences and whether they were right; knows no model.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

CONFIDENCE = 0.95
STEPS = 100  # the thresholds tried: each a hundredth of the rows further down


@dataclass(frozen=True, slots=True)
class Promises:
    """What a bundle shall hold to: `alpha` is the share of messages whose right intent may lie outside the
    prediction set, `wrong_at_most` that of misread ones among those acted on alone.
    """

    alpha: float = 0.05
    wrong_at_most: float = 0.02


@dataclass(frozen=True, slots=True)
class Promise:
    """`threshold` is the least confidence to act on alone, None without a promise. Of `rows` held-out rows
    that would be acted on at all, `coverage` lie above it and `wrong` of those were misread.
    """

    wrong_at_most: float
    threshold: float | None
    coverage: float
    wrong: int
    rows: int


def promise(confidence: NDArray[np.float32], right: NDArray[np.bool_], *, wrong_at_most: float) -> Promise:
    """The lowest threshold above which, with 95 % confidence, at most `wrong_at_most` of messages like the
    held-out rows [n] are misread.

    Thresholds are tried from strict to lax in an order fixed by the confidences alone, and the first whose
    exact upper bound (Clopper and Pearson 1934) is too high ends it: fixed-sequence testing, which needs no
    correction for many tries (Learn then Test, arXiv:2110.01052). It begins where a few errors can be
    afforded, since one row misread among the surest would end it at once.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, errors = confidence[order], np.cumsum(~right[order])
    rows, needed = len(order), rows_needed(wrong_at_most)
    best, start = 0, min(max(needed, rows // 3), 3 * needed)
    for least in [*range(start, rows, max(1, rows // STEPS)), rows] if rows >= needed else []:
        size = int(np.searchsorted(-sorted_confidence, -sorted_confidence[least - 1], side="right"))
        if upper_bound(int(errors[size - 1]), size) > wrong_at_most:
            break
        best = size
    if best == 0:
        return Promise(wrong_at_most, None, 0.0, 0, rows)
    threshold = float(sorted_confidence[best - 1])
    return Promise(wrong_at_most, threshold, round(best / rows, 4), int(errors[best - 1]), rows)


def upper_bound(wrong: int, rows: int) -> float:
    """The error rate that `wrong` of `rows` rules out to exceed, at 95 % confidence."""
    return float(beta.ppf(CONFIDENCE, wrong + 1, rows - wrong)) if wrong < rows else 1.0


def rows_needed(wrong_at_most: float) -> int:
    """The error-free rows that show such an error rate at 95 % confidence: 149 for 2 %, 59 for 5 %."""
    return int(np.ceil(np.log(1 - CONFIDENCE) / np.log(1 - wrong_at_most)))
