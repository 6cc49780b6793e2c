"""Fits the loan-risk model on synthetic applications: monotone, calibrated, every grade explainable.

Knows the features and the fit; not the words the customer reads, and no real loan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nlu.tabular import Feature, TabularModel, label_probabilities
from training.context import PartResult, TrainContext
from training.scores import score_probabilities
from training.synthetic_loans import GRADES, Loans, make_loans

TRAIN_ROWS = 12_000
TEST_ROWS = 4_000
RIDGE = 2.0  # L2 penalty on the weights, per data set, not per row
LEAST_GAP = 1e-3  # the two cuts stay in order

FEATURES = (
    Feature(
        "loan_to_policy",
        "loan_amount",
        "policy_value",
        edges=(0.2, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0),
    ),
    Feature(
        "loan_to_income",
        "loan_amount",
        "annual_income",
        edges=(0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0),
    ),
    Feature(
        "debt_to_income",
        "monthly_debt",
        "annual_income",
        12.0,
        edges=(0.1, 0.2, 0.28, 0.33, 0.37, 0.4, 0.43, 0.47, 0.52, 0.6),
    ),
    Feature("late_payments", "late_payments", edges=(1, 2, 3, 4, 6, 8)),
    Feature("employment_years", "employment_years", falling=True, edges=(0.25, 0.5, 1, 1.5, 2, 3, 5, 10)),
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Problem:
    """The training rows as one matrix of steps [n, m], their grades [n], and the ridge penalty."""

    steps: Array
    grades: NDArray[np.int64]
    ridge: float


def train_risk(context: TrainContext) -> PartResult:
    """Writes `model.json` into the part's folder; the metrics are of fresh rows the fit never saw."""
    context.progress("risk", 0, 3)
    train, test = make_loans(TRAIN_ROWS, seed=context.seed), make_loans(TEST_ROWS, seed=context.seed + 1)
    context.progress("risk", 1, 3)
    model = fit_risk(train)
    context.progress("risk", 2, 3)
    model.save(context.out)
    recipe = {
        "model": "ordinal-logistic, monotone steps",
        "data": "synthetic",
        "train_rows": TRAIN_ROWS,
        "ridge": RIDGE,
    }
    recipe |= {"seed": context.seed, "edges": {f.name: list(f.edges) for f in FEATURES}}
    context.progress("risk", 3, 3)
    return PartResult(recipe=recipe, metrics=measure_risk(model, test))


def measure_risk(model: TabularModel, loans: Loans) -> dict[str, Any]:
    """The five figures, the accuracy nobody could beat on these rows, and how often high was called low."""
    chances = model.probabilities(loans.columns)
    high_called_low = np.mean(chances[loans.grades == 2].argmax(axis=1) == 0)
    return {
        **score_probabilities(chances, loans.grades),
        "accuracy_ceiling": round(loans.ceiling, 4),
        "high_called_low": round(float(high_called_low), 4),
        "data": "synthetic",
    }


def fit_risk(loans: Loans, *, features: Sequence[Feature] = FEATURES, ridge: float = RIDGE) -> TabularModel:
    """Maximum likelihood of the cumulative-logit model with weights held at or above zero (L-BFGS-B)."""
    parts = [f.steps(f.values(loans.columns)) for f in features]
    problem = _Problem(np.hstack(parts), loans.grades, ridge)
    width = problem.steps.shape[1]
    start = np.concatenate([np.full(width, 0.1), [0.0, 1.0]])
    bounds = [(0.0, None)] * width + [(None, None), (LEAST_GAP, None)]
    found = minimize(partial(_loss, problem=problem), start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights, cuts = found.x[:width], (float(found.x[-2]), float(found.x[-2] + found.x[-1]))
    fitted, at = [], 0
    for feature, part in zip(features, parts, strict=True):
        own = weights[at : at + len(feature.edges)]
        at += len(feature.edges)
        fitted.append(_describe(feature, own, part, loans))
    return TabularModel(labels=GRADES, features=tuple(fitted), cuts=cuts)


def _describe(feature: Feature, weights: Array, part: Array, loans: Loans) -> Feature:
    values = feature.values(loans.columns)
    return replace(
        feature,
        weights=tuple(round(float(w), 5) for w in weights),
        baseline=round(float(np.mean(part @ weights)), 5),
        low=float(values.min()),
        high=float(values.max()),
    )


def _loss(point: Array, *, problem: _Problem) -> tuple[float, Array]:
    """Penalised negative log-likelihood at [weights, first cut, gap], and its gradient."""
    weights, first, gap = point[:-2], point[-2], point[-1]
    scores = problem.steps @ weights
    cuts = np.array([first, first + gap])
    rows = np.arange(len(scores))
    chosen = np.maximum(label_probabilities(scores, cuts)[rows, problem.grades], 1e-12)
    at_most = 1.0 / (1.0 + np.exp(np.clip(scores[:, None] - cuts, -60, 60)))
    slope = at_most * (1 - at_most)  # d P(y <= k) / d cuts[k]
    above = np.where(problem.grades < 2, slope[rows, np.minimum(problem.grades, 1)], 0.0)
    below = np.where(problem.grades > 0, slope[rows, np.maximum(problem.grades - 1, 0)], 0.0)
    by_score = (above - below) / chosen
    by_cut = [
        -np.sum(np.where(problem.grades == k, above, 0) / chosen)
        + np.sum(np.where(problem.grades == k + 1, below, 0) / chosen)
        for k in (0, 1)
    ]
    loss = -float(np.sum(np.log(chosen))) + problem.ridge * float(weights @ weights)
    gradient = np.concatenate(
        [problem.steps.T @ by_score + 2 * problem.ridge * weights, [sum(by_cut), by_cut[1]]]
    )
    return loss, gradient
