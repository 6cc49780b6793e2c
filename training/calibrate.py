"""From logits on held-out rows: temperature, conformal quantile and the out-of-scope threshold.

Knows arrays only; knows neither the model nor the corpus.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import NO_GUARANTEE, OosScale, energy, softmax
from training.promise import CONFIDENCE, Promises, promise

IN_SCOPE_KEPT = 0.95
CLASS_ROWS = 100
_TEMPERATURES = np.geomspace(0.05, 5.0, 200)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows that the model scoring them was not trained on."""

    logits: NDArray[np.float32]  # [n, labels]
    distance: NDArray[np.float32]  # [n], to texts the model was trained on, as it is served
    labels: NDArray[np.int64]  # [n]
    in_scope: NDArray[np.bool_]  # [n], False for rows of an out-of-scope class

    def loss(self) -> float:
        """The mean cross-entropy at the best temperature."""
        scaled = softmax(self.logits / fit_temperature(self.logits, self.labels)).astype(np.float64)
        return -float(np.log(scaled[np.arange(len(self.labels)), self.labels] + 1e-12).mean())


def calibrate(held: HeldOut, promises: Promises, *, acts: NDArray[np.bool_]) -> dict[str, Any]:
    """The settings that intents.json holds beside the labels; `acts` [labels] is False for classes on which
    no rule acts: out of scope, and the stored questions.
    """
    temperature = fit_temperature(held.logits, held.labels)
    probabilities = softmax(held.logits / temperature)
    own = class_quantiles(probabilities, held.labels, alpha=promises.alpha)
    # Of the rows it will judge: those of classes with a threshold of their own, often easy, would loosen it.
    others = ~np.isin(held.labels, list(own))
    quantile = conformal_quantile(probabilities[others], held.labels[others], alpha=promises.alpha)
    oos = fit_oos(energy(held.logits), held.distance, held.in_scope)
    guess = probabilities.argmax(axis=1)
    acted = acts[guess] & (oos.score(energy(held.logits), held.distance) <= oos.threshold)
    alone = promise(
        probabilities.max(axis=1)[acted],
        (guess == held.labels)[acted],
        wrong_at_most=promises.wrong_at_most,
    )
    return {
        "temperature": temperature,
        "alpha": promises.alpha,
        "quantile": quantile,
        "class_quantiles": {str(label): own[label] for label in sorted(own)},
        "guarantee": guarantee(len(held.labels), alpha=promises.alpha),
        "calibration_rows": len(held.labels),
        "alone": asdict(alone),
        "oos": asdict(oos),
    }


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature of least cross-entropy on held-out rows (Guo et al. 2017, arXiv:1706.04599)."""
    losses = []
    for temperature in _TEMPERATURES:
        scaled = logits / temperature
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        likelihood = shifted[np.arange(len(labels)), labels] - np.log(np.exp(shifted).sum(axis=1))
        losses.append(-float(likelihood.mean()))
    return float(_TEMPERATURES[int(np.argmin(losses))])


def conformal_quantile(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], *, alpha: float
) -> float:
    """The LAC threshold on 1 - p(right) (arXiv:1609.00451); 1, which every class meets, for too few rows."""
    rows = len(labels)
    scores = np.sort(1.0 - probabilities[np.arange(rows), labels])
    rank = math.ceil((rows + 1) * (1 - alpha))
    return float(scores[rank - 1]) if rank <= rows else 1.0


def guarantee(rows: int, *, alpha: float) -> str:
    """The promise of prediction sets whose thresholds come from so many held-out rows.

    The scores are out of fold and the served model then learns from every row, which is the cross-conformal
    method (Vovk 2015, arXiv:1208.0806): exact for a split, approximate here. Too few rows: no promise.
    """
    if rows < math.log(1 - CONFIDENCE) / math.log(1 - alpha):  # so few could miss nothing by chance
        return NO_GUARANTEE
    return f"cross-conformal, {1 - alpha:.0%} of messages like the {rows} held-out ones"


def class_quantiles(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], *, alpha: float
) -> dict[int, float]:
    """The threshold of each class with CLASS_ROWS held-out rows or more, which makes the promise good for its
    messages alone (class-conditional conformal prediction, Vovk 2012, arXiv:1209.2673). With fewer rows the
    threshold would be one of the four worst scores, and nearly every set would hold the class.
    """
    found = {}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) >= CLASS_ROWS:
            found[int(label)] = conformal_quantile(probabilities[rows], labels[rows], alpha=alpha)
    return found


def fit_oos(
    energies: NDArray[np.float32], distances: NDArray[np.float32], in_scope: NDArray[np.bool_]
) -> OosScale:
    """Standardises both scores on in-scope rows and sets the threshold that 95 % of those stay under.

    Energy alone found 80.8 % of CLINC150's out-of-scope messages, energy and distance together 87.4 %.
    """
    e, d = energies[in_scope], distances[in_scope]
    scale = OosScale(
        energy_mean=float(e.mean()),
        energy_std=max(float(e.std()), 1e-6),
        distance_mean=float(d.mean()),
        distance_std=max(float(d.std()), 1e-6),
        threshold=math.inf,
    )
    values: Mapping[str, float] = asdict(scale)
    return OosScale(**{**values, "threshold": float(np.quantile(scale.score(e, d), IN_SCOPE_KEPT))})
