"""Calibration and figures of merit against what they promise, on made-up logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nlu.classifier import NO_GUARANTEE, energy, softmax
from training import scoring
from training.calibrate import (
    HeldOut,
    calibrate,
    class_quantiles,
    conformal_quantile,
    fit_temperature,
    guarantee,
)
from training.promise import Promises, chance_kept, promise, rows_needed

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]


def drawn(rows: int, *, sharpness: float, seed: int = 0) -> tuple[Logits, Labels]:
    """Logits that are `sharpness` times too sure, and labels drawn from the true probabilities."""
    chance = np.random.default_rng(seed)
    true = chance.normal(scale=2.0, size=(rows, 6)).astype(np.float32)
    labels = np.asarray([chance.choice(6, p=p / p.sum()) for p in softmax(true).astype(np.float64)])
    return (true * sharpness).astype(np.float32), labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_undoes_wrong_sureness(sharpness: float) -> None:
    logits, labels = drawn(3000, sharpness=sharpness)
    assert fit_temperature(logits, labels) == pytest.approx(sharpness, rel=0.12)
    calibrated = softmax(logits / fit_temperature(logits, labels))
    right = calibrated.argmax(axis=1) == labels
    assert scoring.expected_calibration_error(calibrated.max(axis=1), right) < 0.04


@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.1])
def test_prediction_sets_hold_the_right_label_as_often_as_promised(alpha: float) -> None:
    logits, labels = drawn(8000, sharpness=1.0)
    p = softmax(logits)
    quantile = conformal_quantile(p[:4000], labels[:4000], alpha=alpha)
    covered = (p[4000:][np.arange(4000), labels[4000:]] >= 1 - quantile).mean()
    assert covered == pytest.approx(1 - alpha, abs=0.012)
    assert guarantee(4000, alpha=alpha) != NO_GUARANTEE


def test_prediction_sets_hold_for_small_classes_beside_a_large_easy_one() -> None:
    chance = np.random.default_rng(3)
    sizes = np.asarray([2000, *([50] * 40)])
    labels = np.repeat(np.arange(41), sizes)
    logits = chance.normal(scale=1.0, size=(len(labels), 41)).astype(np.float32)
    logits[np.arange(len(labels)), labels] += np.where(labels == 0, 12.0, 3.5)
    fitted = np.arange(len(labels)) % 2 == 0
    held = HeldOut(
        logits[fitted], np.zeros(fitted.sum(), np.float32), labels[fitted], np.ones(fitted.sum(), bool)
    )
    made = calibrate(held, Promises(alpha=0.1), acts=np.ones(41, bool))
    assert list(made["class_quantiles"]) == ["0"]
    p = softmax(logits[~fitted] / made["temperature"])[np.arange((~fitted).sum()), labels[~fitted]]
    small = labels[~fitted] > 0
    assert (p[small] >= 1 - made["quantile"]).mean() == pytest.approx(0.9, abs=0.02)


def test_too_few_rows_promise_nothing() -> None:
    assert (rows_needed(0.02), rows_needed(0.05)) == (200, 80)
    logits, labels = drawn(58, sharpness=1.0)
    assert guarantee(58, alpha=0.05) == NO_GUARANTEE
    assert conformal_quantile(softmax(logits[:5]), labels[:5], alpha=0.05) == 1.0


def test_the_oos_threshold_keeps_ninety_five_percent_of_customers() -> None:
    logits, labels = drawn(2000, sharpness=1.0)
    distance = np.random.default_rng(1).uniform(0, 0.5, 2000).astype(np.float32)
    in_scope = np.arange(2000) % 4 != 0
    oos = calibrate(HeldOut(logits, distance, labels, in_scope), Promises(), acts=np.ones(6, bool))["oos"]
    score = (energy(logits) - oos["energy_mean"]) / oos["energy_std"]
    score += (distance - oos["distance_mean"]) / oos["distance_std"]
    assert (score[in_scope] <= oos["threshold"]).mean() == pytest.approx(0.95, abs=0.005)


@given(st.lists(st.integers(1, 20) | st.none(), min_size=1, max_size=30))
def test_ranking_figures_are_ordered_shares(ranks: list[int | None]) -> None:
    found = scoring.ranking(ranks)
    assert 0 <= found["recall_at_1"] <= found["mrr"] <= 1
    assert found["recall_at_1"] <= found["recall_at_5"] <= 1
    assert found["recall_at_1"] <= found["ndcg_at_10"] <= 1


def test_figures_on_cases_worked_by_hand() -> None:
    assert scoring.macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert scoring.auroc(np.array([3.0, 1.0]), np.array([0.0, 1.0])) == pytest.approx(0.875)
    sure, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert scoring.coverage_at_error(sure, right, error=0.02) == 0.5
    assert scoring.coverage_at_error(sure, right, error=0.3) == 1.0
    assert scoring.coverage_at_error(sure, ~right, error=0.02) == 0.0
    assert scoring.area_under_risk_coverage(sure, right) == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert scoring.ranking([1, 3, None])["mrr"] == pytest.approx((1 + 1 / 3) / 3)


@pytest.mark.parametrize("wrong_at_most", [0.02, 0.05])
def test_acting_alone_is_wrong_as_seldom_as_promised(wrong_at_most: float) -> None:
    chance = np.random.default_rng(0)
    broken, coverages = 0, []
    for _ in range(100):
        confidence = (1 - 0.7 * chance.random(3000) ** 3).astype(np.float32)
        right = chance.random(3000) < confidence
        found = promise(confidence, right, wrong_at_most=wrong_at_most)
        if found.threshold is not None:
            more = 1 - 0.7 * chance.random(3000) ** 3
            acted = more[more >= found.threshold]
            broken += int((chance.random(len(acted)) >= acted).mean() > wrong_at_most)
            coverages.append(found.coverage)
    assert len(coverages) > 60 and broken <= 8  # of a hundred, five may be
    assert 0.2 < np.mean(coverages) < 1.0


def test_a_promise_needs_enough_rows_and_few_errors() -> None:
    confidence = np.linspace(0.5, 1.0, 400, dtype=np.float32)
    right = np.ones(400, dtype=bool)
    whole = promise(confidence, right, wrong_at_most=0.02)
    assert whole.threshold == pytest.approx(0.5) and (whole.coverage, whole.wrong) == (1.0, 0)
    few = promise(confidence[:199], right[:199], wrong_at_most=0.02)
    assert (few.threshold, few.coverage) == (None, 0.0)
    right[-200:] = np.arange(200) % 10 != 0  # the surest are wrong
    assert promise(confidence, right, wrong_at_most=0.02).threshold is None
    assert promise(np.full(500, 0.9, np.float32), np.ones(500, bool), wrong_at_most=0.02).coverage == 1.0
    assert chance_kept(0, 200, wrong_at_most=0.02) >= 0.95 > chance_kept(0, 199, wrong_at_most=0.02)
    assert chance_kept(5, 5, wrong_at_most=0.02) == 0.0


def test_strays_and_stored_questions_are_not_acted_on() -> None:
    logits, labels = drawn(1000, sharpness=1.0)
    distance = np.zeros(1000, dtype=np.float32)
    held = HeldOut(logits, distance, labels, np.ones(1000, bool))
    everything = calibrate(held, Promises(), acts=np.ones(6, bool))["alone"]
    without = calibrate(held, Promises(), acts=np.arange(6) != 0)["alone"]
    assert without["rows"] < everything["rows"]


def test_a_class_of_many_rows_has_a_threshold_of_its_own_and_keeps_the_promise_for_itself() -> None:
    logits, labels = drawn(12_000, sharpness=1.0)
    logits[labels == 0, 0] -= 3.0  # one class that the model seldom sees
    p = softmax(logits)
    own = class_quantiles(p[:6000], labels[:6000], alpha=0.1)
    for label, quantile in own.items():
        rows = np.flatnonzero(labels[6000:] == label) + 6000
        assert (p[rows, label] >= 1 - quantile).mean() == pytest.approx(0.9, abs=0.03)
    overall = conformal_quantile(p[:6000], labels[:6000], alpha=0.1)
    hard = np.flatnonzero(labels[6000:] == 0) + 6000
    assert (p[hard, 0] >= 1 - overall).mean() < 0.85, "one threshold for all breaks it"
    assert class_quantiles(p[:60], labels[:60], alpha=0.1) == {}
