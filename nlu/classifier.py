"""Vectors and texts to intents: calibrated probabilities, a conformal prediction set, an out-of-scope score.

Knows numpy arithmetic and two files; knows no encoder, no training and no policy.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from nlu.errors import PartUnreadable
from nlu.ngrams import Wide, buckets

FORMAT = 3
HEAD, SETTINGS = "head.safetensors", "intents.json"
NO_GUARANTEE = "no guarantee"

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IntentPrediction:
    """What one message was taken for; `verdicts` fall in probability and sum to 1 over all intents.

    `prediction_set` holds the right intent with probability 1 - alpha where the bundle has a guarantee.
    """

    verdicts: tuple[tuple[str, float], ...]
    prediction_set: tuple[str, ...]
    out_of_scope: bool
    oos_score: float  # above the bundle's threshold means out of scope; about 0 for an ordinary message
    guaranteed: bool  # whether enough held-out rows stand behind the prediction set
    sure: bool  # whether the bundle's promise covers acting on the likeliest intent without asking


@dataclass(frozen=True, slots=True)
class OosScale:
    """How energy and distance become one score: each standardised on held-out in-scope rows, then added."""

    energy_mean: float
    energy_std: float
    distance_mean: float
    distance_std: float
    threshold: float

    def score(self, energy: Array, distance: Array) -> Array:
        """One number a row, from the energy and distance of each row."""
        return (energy - self.energy_mean) / self.energy_std + (
            distance - self.distance_mean
        ) / self.distance_std


@dataclass(frozen=True, slots=True)
class Head:
    """A network of one hidden layer over the sentence vector and the summed rows of hashed n-grams, beside it
    a linear model of the vector alone and one of the n-grams alone; their scores are added.
    """

    ngrams: Array  # [buckets, width]
    w1: Array  # [dim + width, hidden]
    b1: Array
    w2: Array  # [hidden, labels]
    b2: Array
    linear: Array  # [dim, labels]
    wide: Wide
    reference: Array  # [rows, dim]: vectors of training texts, for the distance
    scale: float  # of the unit vector, so that it weighs against the n-grams
    neighbour: int = 1  # the how-manieth nearest of the training texts the distance is to

    def logits(self, vectors: Array, texts: Sequence[str]) -> Array:
        """Unscaled scores [n, labels]. The torch twin in training/head.py computes the same."""
        bags = np.stack([self._bag(text) for text in texts]) if texts else self.ngrams[:0]
        hidden = np.maximum(np.concatenate([vectors * self.scale, bags], axis=1) @ self.w1 + self.b1, 0.0)
        scores = hidden @ self.w2 + self.b2 + vectors @ self.linear
        for row, text in zip(scores, texts, strict=True):
            row += self.wide.scores(text)
        return np.asarray(scores, dtype=np.float32)

    def distance(self, vectors: Array) -> Array:
        """1 - cosine to the training text that is `neighbour` nearest, [n] (Sun et al. 2022,
        arXiv:2204.06507).
        """
        cosines = vectors @ self.reference.T
        last = cosines.shape[1] - min(self.neighbour, cosines.shape[1])
        return np.asarray(1.0 - np.partition(cosines, last, axis=1)[:, last], dtype=np.float32)

    def _bag(self, text: str) -> Array:
        rows = buckets(text, size=len(self.ngrams))
        if not rows:
            return np.zeros(self.ngrams.shape[1], dtype=np.float32)
        return np.asarray(self.ngrams[rows].sum(axis=0) / np.sqrt(len(rows)), dtype=np.float32)


class IntentClassifier:
    """A trained and calibrated head. Immutable, so safe to call from several threads."""

    def __init__(self, head: Head, settings: Mapping[str, Any]) -> None:
        self._head = head
        self.labels: tuple[str, ...] = tuple(settings["labels"])
        self.temperature = float(settings["temperature"])
        self.alpha = float(settings["alpha"])
        self.quantile = float(settings["quantile"])
        own = {int(label): float(q) for label, q in settings["class_quantiles"].items()}
        self._least = {name: 1.0 - own.get(i, self.quantile) for i, name in enumerate(self.labels)}
        self.guarantee = str(settings["guarantee"])
        self.wrong_at_most = float(settings["alone"]["wrong_at_most"])
        threshold = settings["alone"]["threshold"]
        self.sure_from = None if threshold is None else float(threshold)
        self._oos_labels = frozenset(settings["oos_labels"])
        self._oos = OosScale(**settings["oos"])

    @classmethod
    def load(cls, folder: Path) -> "IntentClassifier":
        """Loads the `intents` folder of a bundle. Raises PartUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder}: intents of format {settings['format']!r}, not {FORMAT}.")
            found = load_file(folder / HEAD)
            wide = Wide(**{name: found.pop(f"wide.{name}") for name in ("features", "idf", "weights")})
            tensors = {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}
            neighbour = int(settings.get("neighbour", 1))  # bundles of before it was chosen by training
            head = Head(**tensors, wide=wide, scale=float(settings["scale"]), neighbour=neighbour)
            return cls(head, settings)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(f"{folder} holds no readable intents ({error!r}); train anew.") from error

    @property
    def reference(self) -> Array:
        """The vectors [rows, dim] of training texts that distance is measured to."""
        return self._head.reference

    @property
    def oos_threshold(self) -> float:
        """The out-of-scope score above which a message is refused."""
        return self._oos.threshold

    @property
    def guaranteed(self) -> bool:
        """Whether the prediction sets carry their promise."""
        return self.guarantee != NO_GUARANTEE

    def predict(self, vectors: Array, texts: Sequence[str]) -> list[IntentPrediction]:
        """One prediction a row of vectors [n, dim]; texts are the same n messages."""
        if not len(texts):
            return []
        logits = self._head.logits(vectors, texts)
        probabilities = softmax(logits / self.temperature)
        scores = self._oos.score(energy(logits), self._head.distance(vectors))
        return [self._one(p, float(s)) for p, s in zip(probabilities, scores, strict=True)]

    def strangeness(self, vectors: Array, texts: Sequence[str]) -> tuple[Array, Array]:
        """Energy and distance of each row, [n] each, of which the out-of-scope score is made."""
        return energy(self._head.logits(vectors, texts)), self._head.distance(vectors)

    def _one(self, probabilities: Array, score: float) -> IntentPrediction:
        order = np.argsort(-probabilities, kind="stable")
        verdicts = tuple((self.labels[i], float(probabilities[i])) for i in order)
        # The likeliest always belongs: an empty set would leave nothing to ask about.
        members = tuple(
            name for rank, (name, p) in enumerate(verdicts) if rank == 0 or p >= self._least[name]
        )
        refused = verdicts[0][0] in self._oos_labels or score > self._oos.threshold
        sure = self.sure_from is not None and verdicts[0][1] >= self.sure_from and not refused
        return IntentPrediction(verdicts, members, refused, score, self.guaranteed, sure)


def softmax(logits: Array) -> Array:
    """Row-wise softmax [n, labels]."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def energy(logits: Array) -> Array:
    """Minus log-sum-exp of each row: high where no intent claims the text (arXiv:2010.03759)."""
    top = logits.max(axis=1)
    return np.asarray(-(top + np.log(np.exp(logits - top[:, None]).sum(axis=1))), dtype=np.float32)
