"""Fits the triage model on synthetic complaints: sentence vector, n-grams and numbers to an urgency.

Knows the fit, the calibration and the measuring; not the words the customer reads, and no real patient.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from nlu.urgency import Familiar, Inputs, UrgencyModel, han_pairs
from training.context import PartResult, TrainContext
from training.probabilities import score_probabilities
from training.symptom_table import HELD_OUT, read_symptoms
from training.synthetic_symptoms import LEVELS, Complaint, make_complaints

FIT_ROWS, CALIBRATION_ROWS, TEST_ROWS = 2200, 1200, 600
FIT_WAYS, CALIBRATION_WAYS = (0, 1), (2,)
STRENGTH = 4.0  # C of the logistic regression
UNFAMILIAR = 0.02  # share of English descriptions in an unseen wording that may count as unfamiliar
BATCH = 100  # texts between two reports of progress

INPUTS = Inputs(
    size=4096,
    edges={
        "symptom_duration_days": (0.25, 1.01, 3, 7.01, 10.01, 14, 21.01, 60),
        "symptom_severity": (2, 3, 4, 5, 6, 7, 8, 9, 10),
        "patient_age": (1, 5, 18, 40, 65, 80),
    },
)
# Row: the true level, column: the level said. Each level too low costs 2 (an emergency 4), each too high 1.
COSTS = ((0.0, 1.0, 2.0, 3.0), (2.0, 0.0, 1.0, 2.0), (4.0, 2.0, 0.0, 1.0), (12.0, 8.0, 4.0, 0.0))

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Complaints with the sentence vector of each, [n, dim]."""

    complaints: list[Complaint]
    vectors: NDArray[np.float32]

    @property
    def levels(self) -> NDArray[np.int64]:
        return np.array([c.level for c in self.complaints], dtype=np.int64)

    def matrix(self) -> NDArray[np.float32]:
        """The model's inputs, one row per complaint."""
        numbers = {
            "symptom_duration_days": [c.duration_days for c in self.complaints],
            "symptom_severity": [c.severity for c in self.complaints],
            "patient_age": [c.age for c in self.complaints],
        }
        return INPUTS.matrix(self.vectors, [c.text for c in self.complaints], numbers)


def train_triage(context: TrainContext) -> PartResult:
    """Writes `model.safetensors` and `settings.json`; measured on templates and wordings never fitted."""
    drawn = {
        "fit": make_complaints(FIT_ROWS, seed=context.seed, ways=FIT_WAYS, fresh_templates=False),
        "calibration": make_complaints(
            CALIBRATION_ROWS, seed=context.seed, ways=CALIBRATION_WAYS, fresh_templates=False
        ),
        "new_templates": make_complaints(
            TEST_ROWS, seed=context.seed + 1, ways=(*FIT_WAYS, *CALIBRATION_WAYS), fresh_templates=True
        ),
        "new_wordings": make_complaints(
            TEST_ROWS, seed=context.seed + 1, ways=(HELD_OUT,), fresh_templates=True
        ),
    }
    total, done, sets = sum(len(rows) for rows in drawn.values()), 0, {}
    for name, rows in drawn.items():
        parts = []
        for start in range(0, len(rows), BATCH):
            context.progress("triage: encode", done, total)
            parts.append(context.encode([c.text for c in rows[start : start + BATCH]]))
            done += len(parts[-1])
        sets[name] = Encoded(rows, np.vstack(parts))
    context.progress("triage: fit", 0, 1)
    model, temperature = fit_triage(sets["fit"], sets["calibration"], seed=context.seed)
    model.save(context.out)
    context.progress("triage: fit", 1, 1)
    recipe = {
        "model": "multinomial logistic",
        "data": "synthetic",
        "rows": {name: len(rows) for name, rows in drawn.items()},
        "strength": STRENGTH,
        "temperature": round(temperature, 4),
        "costs": [list(row) for row in COSTS],
        "size": INPUTS.size,
        "unfamiliar": UNFAMILIAR,
        "seed": context.seed,
    }
    measured = {name: measure_triage(model, sets[name]) for name in ("new_templates", "new_wordings")}
    return PartResult(recipe=recipe, metrics={**measured, "data": "synthetic"})


def fit_triage(fit: Encoded, calibration: Encoded, *, seed: int) -> tuple[UrgencyModel, float]:
    """The model over both sets, and its temperature: found on wordings that a first fit had not seen."""
    first = _logistic(fit.matrix(), fit.levels, seed)
    temperature = _temperature(first.decision_function(calibration.matrix()), calibration.levels)
    rows = np.vstack([fit.matrix(), calibration.matrix()])
    final = _logistic(rows, np.concatenate([fit.levels, calibration.levels]), seed)
    model = UrgencyModel(
        levels=LEVELS,
        inputs=INPUTS,
        weights=(final.coef_ / temperature).astype(np.float32),
        bias=(final.intercept_ / temperature).astype(np.float32),
        costs=COSTS,
        familiar=_familiar(fit, calibration),
    )
    return model, temperature


def measure_triage(model: UrgencyModel, test: Encoded) -> dict[str, Any]:
    """The five figures of the probabilities; of the careful decisions, accuracy and errors by direction."""
    truth, chances = test.levels, model.probabilities(test.matrix())
    said = model.decide(chances)
    found: dict[str, Any] = {**score_probabilities(chances, truth), **_directions(said, truth)}
    for language in ("en", "zh"):
        own = np.array([c.language == language for c in test.complaints])
        right = np.mean(chances[own].argmax(axis=1) == truth[own])
        found[language] = {"accuracy": round(float(right), 4), **_directions(said[own], truth[own])}
    return found


def _directions(said: NDArray[np.int64], truth: NDArray[np.int64]) -> dict[str, float]:
    top = len(LEVELS) - 1
    return {
        "decision_accuracy": round(float(np.mean(said == truth)), 4),
        "under_triage": round(float(np.mean(said < truth)), 4),
        "over_triage": round(float(np.mean(said > truth)), 4),
        "emergencies_missed": round(float(np.mean(said[truth == top] < top)), 4),
    }


def _logistic(rows: NDArray[np.float32], levels: NDArray[np.int64], seed: int) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=2000, tol=1e-3, random_state=seed).fit(rows, levels)


def _temperature(scores: NDArray[np.float64], levels: NDArray[np.int64]) -> float:
    """The divisor of the scores that makes the true levels likeliest (Guo et al. 2017, arXiv 1706.04599)."""

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        chosen = scaled[np.arange(len(levels)), levels]
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - chosen))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _familiar(fit: Encoded, calibration: Encoded) -> Familiar:
    english = np.array([c.language == "en" for c in fit.complaints])
    unseen = np.array([c.language == "en" for c in calibration.complaints])
    known, asked = fit.vectors[english], calibration.vectors[unseen]
    least = float(np.quantile((asked @ known.T).max(axis=1), UNFAMILIAR))
    said = [p for s in read_symptoms() for p in s.phrases("zh", (*FIT_WAYS, *CALIBRATION_WAYS))]
    return Familiar(han_pairs(said), np.vstack([known, asked]), round(least, 4))
