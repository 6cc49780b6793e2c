"""Makes loan applications for the example bot: invented people, an invented rule, noise. No real credit data.

Knows the assumptions below and a seed; knows no model. Nothing here was fitted to or copied from real loans.

Assumptions, all of them ours:
- income: lognormal, median 42,000 a year; policy value: lognormal, median 30,000; loan: a Beta(2.2, 2.0)
  share of the policy value, one in ten of them stretched by 15 %;
- `care`, a hidden normal variable, makes people owe less, pay on time and stay longer in a job;
- other debts: a share of income that falls with `care`; late payments in 24 months: Poisson, rising with it;
- strain: a smooth curve in each of five figures plus one product (borrowing much of the policy AND owing
  much), all rising with the danger, so "more debt is never safer" holds in the data as in the model;
- grade: strain plus logistic noise, cut in two places (about 50 % low, 30 % medium, 20 % high). The noise
  stands for all that a form does not ask; its shape is known, and so the best accuracy possible (`ceiling`).
No age, sex, origin, address or health enters, and none may be added: they have no place in a grade.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRADES = ("low", "medium", "high")
COLUMNS = (
    "loan_amount",
    "policy_value",
    "annual_income",
    "monthly_debt",
    "late_payments",
    "employment_years",
)
NOISE = 0.2  # scale of the logistic noise
CUTS = (1.95, 2.9)  # strain at which low becomes medium, and medium high

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loans:
    """`columns`: each of COLUMNS, [n]; `grades`: [n], indexes GRADES; `truth`: P(grade | columns), [n, 3]."""

    columns: dict[str, Array]
    grades: NDArray[np.int64]
    truth: Array

    @property
    def ceiling(self) -> float:
        """The accuracy of the rule that knows the generator: no model can beat it but by luck."""
        return float(np.mean(self.truth.argmax(axis=1) == self.grades))


def make_loans(rows: int, *, seed: int) -> Loans:
    """Makes `rows` applications; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 20_401])
    care = rng.normal(size=rows)
    income = np.clip(rng.lognormal(np.log(42_000), 0.55, rows), 6_000, 600_000).round(-2)
    policy = np.clip(rng.lognormal(np.log(30_000), 0.8, rows), 1_500, 900_000).round(-2)
    loan = np.maximum(
        (policy * rng.beta(2.2, 2.0, rows) * rng.choice([1.0, 1.15], rows, p=[0.9, 0.1])).round(-2), 100
    )
    share = np.clip(rng.beta(1.6, 5.0, rows) - 0.06 * care + 0.03, 0.0, 0.95)
    debt = (income / 12 * share).round(0)
    late = np.minimum(rng.poisson(np.exp(-1.0 - 0.8 * care + 1.5 * share)), 24).astype(np.float64)
    years = np.clip(rng.gamma(1.6, 4.0, rows) * np.exp(0.25 * care), 0, 45).round(1)
    columns = dict(zip(COLUMNS, (loan, policy, income, debt, late, years), strict=True))
    level = strain(columns)
    truth = _chances(level)
    noisy = level + rng.logistic(0.0, NOISE, rows)
    return Loans(columns, np.digitize(noisy, CUTS).astype(np.int64), truth)


def strain(columns: dict[str, Array]) -> Array:
    """The rule: how hard the loan would be to carry, [n]. Every term rises with the danger it stands for."""
    to_policy = columns["loan_amount"] / columns["policy_value"]
    to_income = columns["loan_amount"] / columns["annual_income"]
    owed = 12 * columns["monthly_debt"] / columns["annual_income"]
    high_share = 1 / (1 + np.exp(-(to_policy - 0.75) / 0.1))
    high_debt = 1 / (1 + np.exp(-(owed - 0.4) / 0.07))
    return np.asarray(
        1.0 * high_share
        + 1.5 * high_debt
        + 0.9 * np.log1p(columns["late_payments"])
        + 0.8 * np.log1p(to_income)
        + 0.9 / (1 + columns["employment_years"])
        + 0.8 * high_share * high_debt
        + 0.55,
        dtype=np.float64,
    )


def _chances(level: Array) -> Array:
    at_most = 1 / (1 + np.exp((level[:, None] - np.asarray(CUTS)) / NOISE))
    edges = np.hstack([np.zeros((len(level), 1)), at_most, np.ones((len(level), 1))])
    return np.diff(edges, axis=1)
