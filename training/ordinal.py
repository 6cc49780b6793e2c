"""Fits the cumulative-logit model P(y <= k) = 1 / (1 + exp(x·w - cuts[k])) by penalised maximum likelihood.

Knows matrices and ordered labels (McCullagh 1980); not what the columns or the labels mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nlu.tabular import label_probabilities

LEAST_GAP = 1e-3  # cuts stay in order
STEPS = 500

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Rows [n, m], labels [n] counting from 0 to `classes` - 1, and the L2 penalty of each weight, [m]."""

    rows: Array
    labels: NDArray[np.int64]
    classes: int
    penalty: Array

    def loss(self, point: Array) -> tuple[float, Array]:
        """Penalised negative log-likelihood at [weights, first cut, gaps between cuts], and its gradient."""
        weights, cuts = self.split(point)
        scores = self.rows @ weights
        n, top = np.arange(len(scores)), self.classes - 1
        chosen = np.maximum(label_probabilities(scores, cuts)[n, self.labels], 1e-12)
        at_most = 1.0 / (1.0 + np.exp(np.clip(scores[:, None] - cuts, -60.0, 60.0)))
        slope = at_most * (1.0 - at_most)  # d P(y <= k) / d cuts[k]
        upper = np.where(self.labels < top, slope[n, np.minimum(self.labels, top - 1)], 0.0) / chosen
        lower = np.where(self.labels > 0, slope[n, np.maximum(self.labels - 1, 0)], 0.0) / chosen
        by_cut = np.array(
            [np.sum(lower[self.labels == k + 1]) - np.sum(upper[self.labels == k]) for k in range(top)]
        )
        by_step = np.cumsum(by_cut[::-1])[::-1]  # moving cut k moves every cut above it
        by_weight = self.rows.T @ (upper - lower) + 2.0 * self.penalty * weights
        loss = -float(np.sum(np.log(chosen))) + float(self.penalty @ weights**2)
        return loss, np.concatenate([by_weight, by_step])

    def split(self, point: Array) -> tuple[Array, Array]:
        """The weights [m] and cuts [classes - 1] of a point."""
        width = self.rows.shape[1]
        return point[:width], np.cumsum(point[width:])

    def fit(self, *, rising: bool = False) -> tuple[Array, Array]:
        """Weights and cuts of least loss (L-BFGS-B); with `rising` no weight may be negative."""
        width, top = self.rows.shape[1], self.classes - 1
        start = np.concatenate([np.full(width, 0.1 if rising else 0.0), [0.0], np.ones(top - 1)])
        bounds = [(0.0 if rising else None, None)] * width + [(None, None)] + [(LEAST_GAP, None)] * (top - 1)
        found = minimize(
            self.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
        )
        return self.split(found.x)
