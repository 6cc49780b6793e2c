"""Scores a row of numbers with a monotone ordinal model and says what each feature added to the score.

Knows bins, weights and cuts read from JSON; not what the columns mean, nor how the weights were found.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.errors import PartUnreadable

FORMAT = 1
KIND = "ordinal-logistic"
FILE = "model.json"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: `scale` x column, or that / `over`, read through steps that only ever add to the score.

    Reaching `edges[k]` adds `weights[k]` >= 0. With `falling` the step counts while the value is still below
    the edge, so that a larger value lowers the score. `baseline` is the mean contribution over the training
    rows, `low` and `high` the range seen there.
    """

    name: str
    column: str
    over: str | None = None
    scale: float = 1.0
    falling: bool = False
    edges: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    baseline: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def values(self, columns: Mapping[str, Array]) -> Array:
        """The value per row, [n]; x/0 counts as infinite, 0/0 as 0. KeyError on a missing column."""
        top = self.scale * np.asarray(columns[self.column], dtype=np.float64)
        if self.over is None:
            return top
        bottom = np.asarray(columns[self.over], dtype=np.float64)
        with np.errstate(over="ignore"):  # so near to zero that it counts as infinite, too
            ratio = np.divide(top, bottom, out=np.full_like(top, np.inf), where=bottom > 0)
        return np.where(top <= 0, 0.0, ratio)

    def steps(self, values: Array) -> Array:
        """Which steps hold, [n, len(edges)] of 0 and 1; the model's only inputs, so training uses it too."""
        edges = np.asarray(self.edges, dtype=np.float64)
        reached = values[:, None] < edges if self.falling else values[:, None] >= edges
        return reached.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature added to the score beyond an average row; positive pushes towards the later labels."""

    feature: str
    value: float
    amount: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """One scored row. `outside` names the features whose value lies beyond anything seen in training."""

    label: str
    probabilities: tuple[float, ...]
    contributions: tuple[Contribution, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TabularModel:
    """Cumulative-logit model (McCullagh 1980): P(y <= k) = 1 / (1 + exp(score - cuts[k])).

    The score is the sum of the weights of all steps that hold.
    """

    labels: tuple[str, ...]
    features: tuple[Feature, ...]
    cuts: tuple[float, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a row must have."""
        names = [name for f in self.features for name in (f.column, f.over) if name is not None]
        return tuple(dict.fromkeys(names))

    def probabilities(self, columns: Mapping[str, Array]) -> Array:
        """Label probabilities, [n, len(labels)]; every row sums to 1. KeyError on a missing column."""
        scores = sum((self._parts(columns)), np.zeros(len(columns[self.columns[0]])))
        return label_probabilities(np.asarray(scores), np.asarray(self.cuts))

    def assess(self, row: Mapping[str, float]) -> Assessment:
        """Scores one row; the contributions, largest first, add up to its score minus the average score."""
        columns = {name: np.array([row[name]], dtype=np.float64) for name in self.columns}
        chances = self.probabilities(columns)[0]
        parts = self._parts(columns)
        values = [float(f.values(columns)[0]) for f in self.features]
        found = [
            Contribution(f.name, value, float(part[0]) - f.baseline)
            for f, value, part in zip(self.features, values, parts, strict=True)
        ]
        return Assessment(
            label=self.labels[int(np.argmax(chances))],
            probabilities=tuple(float(p) for p in chances),
            contributions=tuple(sorted(found, key=lambda c: -abs(c.amount))),
            outside=tuple(
                f.name for f, v in zip(self.features, values, strict=True) if not f.low <= v <= f.high
            ),
        )

    def _parts(self, columns: Mapping[str, Array]) -> list[Array]:
        return [f.steps(f.values(columns)) @ np.asarray(f.weights, dtype=np.float64) for f in self.features]

    def save(self, folder: Path) -> None:
        """Writes `model.json` into the folder."""
        features = [{name: getattr(f, name) for name in Feature.__slots__} for f in self.features]
        body = {
            "format": FORMAT,
            "kind": KIND,
            "labels": self.labels,
            "cuts": self.cuts,
            "features": features,
        }
        (folder / FILE).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "TabularModel":
        """Reads `model.json`. Raises PartUnreadable when it is missing or not of the shape `save` writes."""
        path = folder / FILE
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            if body["format"] != FORMAT or body["kind"] != KIND:
                raise PartUnreadable(
                    f"{path} is a {body['kind']} of format {body['format']}; train the part again."
                )
            model = cls(
                labels=tuple(str(label) for label in body["labels"]),
                features=tuple(_feature(item) for item in body["features"]),
                cuts=tuple(float(cut) for cut in body["cuts"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PartUnreadable(
                f"{path} cannot be read ({type(error).__name__}); train the part again."
            ) from error
        _check(model, path)
        return model


def label_probabilities(scores: Array, cuts: Array) -> Array:
    """Turns scores [n] and increasing cuts [k-1] into label probabilities [n, k]."""
    at_most = 1.0 / (1.0 + np.exp(np.clip(scores[:, None] - cuts[None, :], -60.0, 60.0)))
    ones, zeros = np.ones((len(scores), 1)), np.zeros((len(scores), 1))
    return np.diff(np.hstack([zeros, at_most, ones]), axis=1)


def _feature(item: Mapping[str, Any]) -> Feature:
    return Feature(
        name=str(item["name"]),
        column=str(item["column"]),
        over=None if item["over"] is None else str(item["over"]),
        scale=float(item["scale"]),
        falling=bool(item["falling"]),
        edges=_floats(item["edges"]),
        weights=_floats(item["weights"]),
        baseline=float(item["baseline"]),
        low=float(item["low"]),
        high=float(item["high"]),
    )


def _floats(items: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(item) for item in items)


def _check(model: TabularModel, path: Path) -> None:
    good = (
        len(model.labels) == len(model.cuts) + 1 >= 2
        and all(a < b for a, b in zip(model.cuts, model.cuts[1:], strict=False))
        and bool(model.features)
        and all(len(f.edges) == len(f.weights) and min(f.weights, default=0.0) >= 0.0 for f in model.features)
    )
    if not good:
        raise PartUnreadable(f"{path} does not hold a monotone ordinal model; train the part again.")
