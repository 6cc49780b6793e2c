"""A threshold with a promise: of the messages that are acted on alone, at most so many are misread.

Knows confidences and whether they were right; knows no model.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom

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
    """The lowest threshold above which, with 95 % confidence, at most `wrong_at_most` are misread of as many
    messages again, like the held-out rows [n].

    Thresholds are tried from strict to lax in an order fixed by the confidences alone, and the first whose
    chance of being kept is too low ends it: fixed-sequence testing, which needs no correction for many tries
    (Learn then Test, arXiv:2110.01052). It begins where a few errors can be afforded, since one row misread
    among the surest would end it at once.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, errors = confidence[order], np.cumsum(~right[order])
    rows, needed = len(order), rows_needed(wrong_at_most)
    best, start = 0, min(max(needed, rows // 3), 3 * needed)
    for least in [*range(start, rows, max(1, rows // STEPS)), rows] if rows >= needed else []:
        size = int(np.searchsorted(-sorted_confidence, -sorted_confidence[least - 1], side="right"))
        if chance_kept(int(errors[size - 1]), size, wrong_at_most=wrong_at_most) < CONFIDENCE:
            break
        best = size
    if best == 0:
        return Promise(wrong_at_most, None, 0.0, 0, rows)
    threshold = float(sorted_confidence[best - 1])
    return Promise(wrong_at_most, threshold, round(best / rows, 4), int(errors[best - 1]), rows)


def chance_kept(wrong: int, rows: int, *, wrong_at_most: float) -> float:
    """How surely at most `wrong_at_most` are misread of `rows` messages more, after `wrong` of `rows`: the
    predictive bound that goes with Clopper and Pearson's interval (Thatcher 1964). It counts the chance of
    the messages to come with that of the held-out ones; a bound on the long-run rate alone would be broken
    by every other month's messages while its promise holds.
    """
    if wrong >= rows:
        return 0.0
    return float(betabinom.cdf(int(wrong_at_most * rows), rows, wrong + 1, rows - wrong))


def rows_needed(wrong_at_most: float) -> int:
    """The error-free rows that such a promise takes: 200 for 2 %, 80 for 5 %."""
    least = math.ceil(1 / wrong_at_most)
    return next(
        rows
        for rows in itertools.count(least)
        if chance_kept(0, rows, wrong_at_most=wrong_at_most) >= CONFIDENCE
    )
