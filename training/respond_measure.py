"""Decides by held-out figures whether the response model pays, and with which weights.

Knows scores and gains as arrays. Does not know how a model computes them, nor what the texts are.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.generator import Choosing

WEIGHTS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
PRIORS = (0.0, 0.5, 1.0)
MARGINS = (0.05, 0.1, 0.2, 0.4)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A held-out message: for each of k candidates, best retrieved first, four numbers.

    `retrieval` is the score of retrieval, `given` and `prior` the mean log-probabilities in nats per token,
    `gain` what giving this candidate is worth: 1 and 0 for right and wrong, or a likeness to what a person
    answered.
    """

    retrieval: Array
    given: Array
    prior: Array
    gain: Array


def fit_choosing(cases: Sequence[Case], *, seed: int) -> tuple[Choosing, dict[str, Any]]:
    """The weights best on all cases, used only if weights chosen on one half pay on the other.

    Two-fold cross-fitting: no case is judged with weights it helped to choose, so the reported gain is not
    flattered by the choice among the grid's entries. `use` asks that the lower end of a one-sided 95 %
    bootstrap interval of the mean gain over retrieval's first is above zero.
    """
    if len(cases) < 2:
        return Choosing(use=False, weight=0.0, prior=0.0, margin=0.0), {"n": len(cases)}
    order = np.random.default_rng(seed).permutation(len(cases))
    halves = [[cases[i] for i in order[0::2]], [cases[i] for i in order[1::2]]]
    differences = [
        gain_of(case, setting) - case.gain[0]
        for half, other in (halves, halves[::-1])
        for setting in (best_setting(half),)
        for case in other
    ]
    lower = bootstrap_lower(differences, seed=seed)
    final = best_setting(cases)
    choosing = Choosing(use=lower > 0.0, weight=final.weight, prior=final.prior, margin=final.margin)
    return choosing, {
        "n": len(cases),
        "retrieval_first": _rounded(np.mean([case.gain[0] for case in cases])),
        "model_chooses": _rounded(np.mean([case.gain[0] for case in cases]) + np.mean(differences)),
        "model_alone": _rounded(np.mean([case.gain[np.argmax(case.given)] for case in cases])),
        "best_possible": _rounded(np.mean([case.gain.max() for case in cases])),
        "gain_lower_95": _rounded(lower),
    }


def best_setting(cases: Sequence[Case]) -> Choosing:
    """The entry of the grid with the greatest mean gain; the most cautious of equals."""
    settings = [
        Choosing(use=True, weight=weight, prior=prior, margin=margin)
        for weight, margin, prior in itertools.product(WEIGHTS, MARGINS, PRIORS)
    ]
    means = [np.mean([gain_of(case, setting) for case in cases]) for setting in settings]
    return settings[int(np.argmax(means))]


def gain_of(case: Case, setting: Choosing) -> float:
    """What this case gains when the candidate is chosen as the server chooses it (`Generator.pick`)."""
    totals = case.retrieval + setting.weight * (case.given - setting.prior * case.prior)
    near = case.retrieval >= case.retrieval[0] - setting.margin
    return float(case.gain[np.argmax(np.where(near, totals, -np.inf))])


def bootstrap_lower(differences: Sequence[float], *, seed: int, rounds: int = 2000) -> float:
    """Lower end of the one-sided 95 % percentile bootstrap interval of the mean (Efron 1979)."""
    values = np.asarray(differences, dtype=np.float64)
    if values.size == 0:
        return 0.0
    chance = np.random.default_rng(seed)
    means = [values[chance.integers(0, values.size, values.size)].mean() for _ in range(rounds)]
    return float(np.quantile(means, 0.05))


def _rounded(value: Any) -> float:
    return round(float(value), 4)
