"""The symptom data and the model fitted on it, with a stand-in for the encoder."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.optimize import check_grad

from nlu.errors import PartUnreadable
from nlu.urgency import UrgencyModel
from training.ordinal import Ordinal
from training.symptom_table import HELD_OUT, read_symptoms
from training.synthetic_symptoms import LEVELS, make_complaints, urgency
from training.triage import Encoded, fit_triage, measure_triage

WAYS = (0, 1, 2)


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A bag of words in 32 numbers, of length one: enough to tell texts apart."""
    rows = np.zeros((len(texts), 32), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            rows[row, zlib.crc32(word.strip(".,?").encode()) % 32] += 1
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def made(rows: int, seed: int, ways: Sequence[int] = WAYS, *, fresh: bool = False) -> Encoded:
    complaints = make_complaints(rows, seed=seed, ways=ways, fresh_templates=fresh)
    return Encoded(complaints, encode([c.text for c in complaints]))


@pytest.fixture(scope="module")
def model() -> UrgencyModel:
    return fit_triage(made(900, 1), made(300, 2), seed=0)[0]


def test_the_table_has_sixty_symptoms_and_more_each_said_once() -> None:
    table = read_symptoms()
    said = [phrase for s in table for phrase in (*s.en, *s.zh)]
    assert len(table) >= 60
    assert len(set(said)) == len(said)


def test_the_same_seed_makes_the_same_complaints_in_both_languages() -> None:
    one = make_complaints(40, seed=5, ways=WAYS, fresh_templates=False)
    assert one == make_complaints(40, seed=5, ways=WAYS, fresh_templates=False)
    assert {c.language for c in one} == {"en", "zh"}


def test_a_held_out_wording_is_never_in_what_is_trained_on() -> None:
    held = [
        p for s in read_symptoms() for p in (*s.phrases("en", (HELD_OUT,)), *s.phrases("zh", (HELD_OUT,)))
    ]
    texts = [c.text for c in make_complaints(600, seed=6, ways=WAYS, fresh_templates=False)]
    assert not any(phrase in text for phrase in held for text in texts)


def test_what_weighs_nine_is_always_an_emergency() -> None:
    grave = [s for s in read_symptoms() if s.weight >= 9]
    assert grave
    assert all(urgency([s], days=300, severity=1, age=30) > 7.6 for s in grave)


def test_decisions_lean_to_the_safe_side(model: UrgencyModel) -> None:
    found = measure_triage(model, made(400, 3, fresh=True))
    assert found["under_triage"] < 0.08
    assert found["under_triage"] < found["over_triage"]
    assert found["emergencies_missed"] < 0.05
    assert found["auc"] > 0.75


def test_an_unfamiliar_text_is_raised_but_never_to_an_emergency(model: UrgencyModel) -> None:
    numbers = {"symptom_duration_days": 2.0, "symptom_severity": 1.0, "patient_age": 30.0}
    for text in ("qwertz zxcvb", "我想改地址"):
        found = model.assess(text, encode([text])[0], numbers)
        plain = model.decide(np.asarray([found.probabilities]))[0]
        assert not found.familiar
        assert LEVELS.index(found.level) == (plain + 1 if plain < 2 else plain)


def test_a_saved_model_judges_the_same(model: UrgencyModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    again, test = UrgencyModel.load(tmp_path), made(50, 4)
    assert np.array_equal(again.probabilities(test.matrix()), model.probabilities(test.matrix()))


def test_a_model_of_another_shape_is_refused(model: UrgencyModel, tmp_path: Path) -> None:
    with pytest.raises(PartUnreadable):
        UrgencyModel.load(tmp_path)
    model.save(tmp_path)
    arrays = {"weights": np.zeros((4, 3), np.float32), "bias": model.bias, "known": model.familiar.known}
    save_file(arrays, tmp_path / "model.safetensors")
    with pytest.raises(PartUnreadable):
        UrgencyModel.load(tmp_path)


def test_the_ordinal_fit_has_the_right_gradient() -> None:
    rng = np.random.default_rng(0)
    problem = Ordinal(rng.normal(size=(60, 3)), rng.integers(0, 4, 60), 4, np.full(3, 0.3))
    point = np.array([0.1, 0.2, -0.3, -1.0, 0.7, 0.9])
    assert check_grad(lambda p: problem.loss(p)[0], lambda p: problem.loss(p)[1], point) < 1e-4
