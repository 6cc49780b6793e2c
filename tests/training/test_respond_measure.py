"""What decides whether the model may choose, and the measures of likeness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.generator import Choosing
from training.respond_measure import Case, bootstrap_lower, fit_choosing, gain_of
from training.respond_metrics import bleu, chrf, mean, rouge_l


def cases(count: int, *, helpful: bool) -> list[Case]:
    """Five candidates; retrieval is right two times in five, and the model knows better or knows nothing."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(count):
        right = int(chance.choice(5, p=[0.4, 0.3, 0.1, 0.1, 0.1]))
        gain = np.eye(5)[right]
        given = chance.normal(size=5) + (3.0 * gain if helpful else 0.0)
        made.append(Case(np.linspace(0.8, 0.7, 5), given, np.zeros(5), gain))
    return made


def test_a_model_that_knows_better_may_choose() -> None:
    choosing, figures = fit_choosing(cases(200, helpful=True), seed=0)
    assert choosing.use
    assert figures["n"] == 200
    assert figures["model_chooses"] > figures["retrieval_first"] + 0.1
    assert figures["gain_lower_95"] > 0.0


def test_a_model_that_knows_nothing_may_not() -> None:
    choosing, figures = fit_choosing(cases(200, helpful=False), seed=0)
    assert not choosing.use
    assert figures["gain_lower_95"] <= 0.0


@pytest.mark.parametrize("count", [0, 1])
def test_without_cases_nothing_is_allowed(count: int) -> None:
    choosing, figures = fit_choosing(cases(count, helpful=True), seed=0)
    assert not choosing.use
    assert figures == {"n": count}


def test_a_candidate_beyond_the_margin_is_never_taken() -> None:
    case = Case(np.array([0.9, 0.5]), np.array([-9.0, -0.1]), np.zeros(2), np.array([1.0, 0.0]))
    assert gain_of(case, Choosing(use=True, weight=1.0, prior=0.0, margin=0.1)) == 1.0
    assert gain_of(case, Choosing(use=True, weight=1.0, prior=0.0, margin=0.5)) == 0.0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_the_lower_end_lies_between_the_least_and_the_mean(values: list[float]) -> None:
    lower = bootstrap_lower(values, seed=0, rounds=200)
    assert min(values) - 1e-9 <= lower <= np.mean(values) + 1e-9 + 0.5 * np.std(values)


@given(st.text(alphabet="abc 理赔。", min_size=1).filter(lambda text: text.strip()))
def test_a_text_is_as_like_itself_as_can_be(text: str) -> None:
    assert rouge_l(text, text) == pytest.approx(100.0)
    assert chrf(text, text) == pytest.approx(100.0)


def test_bleu_and_chrf_agree_with_sacrebleu() -> None:
    """Expected figures are those of sacrebleu 2.6.0 without smoothing."""
    said = ["the cat sat on the mat today", "claims are paid within ten working days"]
    wanted = ["the cat sat on a mat today", "claims are paid within twenty working days"]
    assert bleu(wanted, wanted) == pytest.approx(100.0)
    assert bleu(said, wanted) == pytest.approx(48.892, abs=0.01)
    assert chrf(said[0], wanted[0]) == pytest.approx(77.087, abs=0.01)
    assert bleu(["nothing"], ["alike"]) == 0.0


def test_rouge_l_counts_the_longest_common_subsequence() -> None:
    assert rouge_l("a b c d", "a c d e") == pytest.approx(75.0)
    assert rouge_l("理赔期限", "理赔时限") == pytest.approx(75.0)
    assert rouge_l("a", "b") == 0.0


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean([]) == 0.0
