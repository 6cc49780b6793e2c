"""Fits the loan-risk model on synthetic applications: monotone, calibrated, every grade explainable.

Knows the features and the fit; not the words the customer reads, and no real loan.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.tabular import Feature, TabularModel
from training.context import PartResult, TrainContext
from training.ordinal import Ordinal
from training.probabilities import score_probabilities
from training.synthetic_loans import GRADES, Loans, make_loans

TRAIN_ROWS = 12_000
TEST_ROWS = 4_000
RIDGE = 2.0  # L2 penalty of every weight, over the whole data set
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
    """The cumulative-logit model with weights held at or above zero: no danger can lower the score."""
    parts = [f.steps(f.values(loans.columns)) for f in features]
    rows = np.hstack(parts)
    weights, cuts = Ordinal(rows, loans.grades, len(GRADES), np.full(rows.shape[1], ridge)).fit(rising=True)
    ends = np.cumsum([len(f.edges) for f in features])
    described = [
        _describe(feature, own, part, loans)
        for feature, own, part in zip(features, np.split(weights, ends[:-1]), parts, strict=True)
    ]
    return TabularModel(labels=GRADES, features=tuple(described), cuts=tuple(float(cut) for cut in cuts))


def _describe(feature: Feature, weights: Array, part: Array, loans: Loans) -> Feature:
    values = feature.values(loans.columns)
    return replace(
        feature,
        weights=tuple(round(float(w), 5) for w in weights),
        baseline=round(float(np.mean(part @ weights)), 5),
        low=float(values.min()),
        high=float(values.max()),
    )
