"""Looks for better knobs by trial: the recipe as it stands first, then what a Bayesian sampler proposes.

Knows ranges and a score to make small; knows no model.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna

from training.knobs import Value


@dataclass(frozen=True, slots=True)
class Range:
    """Where a knob is looked for: from `low` to `high`, evenly or by factors; whole numbers if both are."""

    low: float
    high: float
    by_factors: bool = False

    def drawn(self, trial: optuna.Trial, name: str) -> Value:
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(name, self.low, self.high, log=self.by_factors)
        return trial.suggest_float(name, self.low, self.high, log=self.by_factors)


@dataclass(frozen=True, slots=True)
class Found:
    """The best `settings`, their `loss`, that of the recipe as it stood, and every try for the record."""

    settings: Mapping[str, Value]
    loss: float
    first_loss: float
    tries: tuple[Mapping[str, Any], ...]


def search(
    space: Mapping[str, Range],
    start: Mapping[str, Value],
    loss: Callable[[Mapping[str, Value]], float],
    *,
    tries: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> Found:
    """The settings of least loss among `tries`, the first of which is `start` (tree-structured Parzen
    estimator, Bergstra et al. 2011). A loss that is no number counts as infinite.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({name: start[name] for name in space})

    def objective(trial: optuna.Trial) -> float:
        value = loss({name: reach.drawn(trial, name) for name, reach in space.items()})
        progress(trial.number + 1, tries)
        return value if math.isfinite(value) else math.inf

    study.optimize(objective, n_trials=max(1, tries))
    told = tuple({"settings": dict(t.params), "loss": t.value} for t in study.trials)
    first = study.trials[0].value
    return Found(study.best_params, study.best_value, math.inf if first is None else first, told)
