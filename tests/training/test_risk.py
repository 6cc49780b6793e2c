"""The loan data and the model fitted on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.errors import PartUnreadable
from nlu.tabular import TabularModel
from training.risk import fit_risk, measure_risk
from training.synthetic_loans import COLUMNS, make_loans, strain

MODEL = fit_risk(make_loans(4000, seed=3))


def test_the_same_seed_makes_the_same_loans() -> None:
    one, two, other = make_loans(50, seed=1), make_loans(50, seed=1), make_loans(50, seed=2)
    assert all(np.array_equal(one.columns[name], two.columns[name]) for name in COLUMNS)
    assert not np.array_equal(one.columns["loan_amount"], other.columns["loan_amount"])


def test_the_model_comes_near_the_best_that_is_possible_and_means_its_probabilities() -> None:
    found = measure_risk(MODEL, make_loans(2000, seed=4))
    assert found["accuracy"] > found["accuracy_ceiling"] - 0.03
    assert found["ece"] < 0.05
    assert found["auc"] > 0.9


_AMOUNTS = st.fixed_dictionaries({name: st.floats(0, 1e6) for name in COLUMNS})


@given(_AMOUNTS, st.sampled_from(("loan_amount", "monthly_debt", "late_payments")), st.floats(1, 1e5))
def test_more_debt_is_never_safer(row: dict[str, float], column: str, more: float) -> None:
    before, after = (MODEL.assess(r).probabilities for r in (row, {**row, column: row[column] + more}))
    assert after[0] <= before[0] + 1e-9
    assert after[-1] >= before[-1] - 1e-9


@given(_AMOUNTS)
def test_probabilities_sum_to_one_and_reasons_to_the_score(row: dict[str, float]) -> None:
    found = MODEL.assess(row)
    score = sum(c.amount for c in found.contributions) + sum(f.baseline for f in MODEL.features)
    assert sum(found.probabilities) == pytest.approx(1)
    assert found.probabilities[0] == pytest.approx(1 / (1 + np.exp(score - MODEL.cuts[0])), abs=1e-6)


def test_the_rule_of_the_data_rises_with_the_danger() -> None:
    low = {name: np.array([value]) for name, value in zip(COLUMNS, (5e3, 3e4, 4e4, 200, 0, 9), strict=True)}
    high = {**low, "late_payments": np.array([4.0]), "monthly_debt": np.array([2000.0])}
    assert strain(high)[0] > strain(low)[0]


def test_a_saved_model_reads_back_the_same(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    assert TabularModel.load(tmp_path) == MODEL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9, "kind": "x"}'])
def test_a_model_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(PartUnreadable):
        TabularModel.load(tmp_path)


def test_a_model_that_is_not_monotone_is_refused(tmp_path: Path) -> None:
    replace(MODEL, cuts=MODEL.cuts[::-1]).save(tmp_path)
    with pytest.raises(PartUnreadable):
        TabularModel.load(tmp_path)
