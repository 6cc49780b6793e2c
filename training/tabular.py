"""Fits the product's additive model to any table of numbers and categories, its penalty chosen out of fold.

Knows inputs by name and class numbers; nlu/tabular.py is the model, which says what each input added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.tabular import Feature, TabularModel
from training.context import Progress
from training.intent_rows import folds
from training.ordinal import Ordinal

STEPS = 16  # at most, of one number; at its quantiles
RIDGES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
ONE_FOLD_FROM = 5_000
FOLDS = 4
LEAST = 1e-6  # of a probability, so that a loss stays finite

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Inputs = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Classifier:
    """One ordinal model where the classes have an order, else one for each class against the rest; two
    classes need one model either way.
    """

    models: tuple[TabularModel, ...]
    ordered: bool
    ridge: float

    def probabilities(self, inputs: Inputs) -> Floats:
        """[n, classes]; rows sum to 1."""
        if self.ordered:
            return self.models[0].probabilities(inputs)
        each = np.stack([model.probabilities(inputs)[:, 1] for model in self.models], axis=1) + LEAST
        return np.asarray(each / each.sum(axis=1, keepdims=True))


def fit_tabular(
    inputs: Inputs, labels: Labels, names: Sequence[str], *, order: bool, seed: int, progress: Progress
) -> Classifier:
    """The classifier whose penalty, and with `order` whose shape, has the least log loss on held-out rows."""
    shapes = (True,) if len(names) == 2 else (True, False) if order else (False,)
    tries = [(ordered, ridge) for ordered in shapes for ridge in RIDGES]
    parts = 5 if len(labels) >= ONE_FOLD_FROM else FOLDS
    fold = folds(labels, parts, seed)
    rounds = range(1 if len(labels) >= ONE_FOLD_FROM else FOLDS)
    losses = np.zeros(len(tries))
    for place, (ordered, ridge) in enumerate(tries):
        for held in rounds:
            progress("choose the penalty", place * len(rounds) + held, len(tries) * len(rounds))
            kept = fold != held
            fitted = _fit(_at(inputs, kept), labels[kept], names, ordered=ordered, ridge=ridge)
            chances = fitted.probabilities(_at(inputs, ~kept))[np.arange((~kept).sum()), labels[~kept]]
            losses[place] -= float(np.log(np.maximum(chances, LEAST)).sum())
    progress("choose the penalty", len(tries) * len(rounds), len(tries) * len(rounds))
    ordered, ridge = tries[int(losses.argmin())]
    return _fit(inputs, labels, names, ordered=ordered, ridge=ridge)


def _at(inputs: Inputs, rows: NDArray[np.bool_]) -> dict[str, Floats]:
    return {name: values[rows] for name, values in inputs.items()}


def _fit(inputs: Inputs, labels: Labels, names: Sequence[str], *, ordered: bool, ridge: float) -> Classifier:
    if ordered:
        return Classifier((_model(inputs, labels, names, ridge),), True, ridge)
    models = (
        _model(inputs, (labels == i).astype(np.int64), ("the rest", name), ridge)
        for i, name in enumerate(names)
    )
    return Classifier(tuple(models), False, ridge)


def _model(inputs: Inputs, labels: Labels, names: Sequence[str], ridge: float) -> TabularModel:
    """A cumulative-logit model over steps of each input. A falling step of weight w is a rising one of -w and
    a constant, which the cuts take in.
    """
    edges = {name: _edges(values) for name, values in inputs.items()}
    plain = [Feature(name, name, edges=edges[name]) for name in inputs if edges[name]]
    parts = [feature.steps(feature.values(inputs)) for feature in plain]
    rows = np.hstack([np.zeros((len(labels), 1)), *parts])
    weights, cuts = Ordinal(rows, labels, len(names), np.full(rows.shape[1], ridge)).fit()
    features: list[Feature] = []
    split = np.split(weights[1:], np.cumsum([part.shape[1] for part in parts])[:-1])
    for feature, part, own in zip(plain, parts, split, strict=True):
        values = feature.values(inputs)
        for falling in (False, True):
            side = -own if falling else own
            chosen = side > 0 if falling else side >= 0
            if chosen.any():
                held = 1.0 - part if falling else part
                features.append(
                    Feature(
                        f"{feature.name}, falling" if falling else feature.name,
                        feature.column,
                        falling=falling,
                        edges=tuple(np.asarray(feature.edges)[chosen]),
                        weights=tuple(side[chosen]),
                        baseline=float((held[:, chosen] @ side[chosen]).mean()),
                        low=float(values.min()),
                        high=float(values.max()),
                    )
                )
    shift = float(-np.minimum(weights[1:], 0.0).sum())
    return TabularModel(tuple(names), tuple(features), tuple(cuts + shift))


def _edges(values: Floats) -> tuple[float, ...]:
    """Between the values where they are few, else at quantiles."""
    different = np.unique(values)
    if len(different) <= STEPS:
        return tuple(float(x) for x in (different[1:] + different[:-1]) / 2)
    cuts = np.unique(np.quantile(values, np.linspace(0, 1, STEPS + 2)[1:-1]))
    return tuple(float(cut) for cut in cuts if cut > different[0])
