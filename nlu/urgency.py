"""Scores a description of symptoms and three numbers for urgency, and leans to the safer side when unsure.

Knows a linear model over a sentence vector, hashed n-grams and steps of numbers; makes no sentence vector
itself and knows no red flags, which are looked for before it (nlu/red_flags.py).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlu.errors import PartUnreadable
from nlu.ngrams import buckets

FORMAT = 1
WEIGHTS, SETTINGS = "model.safetensors", "settings.json"

Array = NDArray[np.float32]
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Inputs:
    """How a description becomes a row: the size of the hash, and steps for each numeric column."""

    size: int
    edges: Mapping[str, tuple[float, ...]]

    def matrix(self, vectors: Array, texts: Sequence[str], numbers: Mapping[str, Sequence[float]]) -> Array:
        """[n, dim + size + steps], in this order. KeyError when a numeric column is missing."""
        hashed = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            found = buckets(text, size=self.size)
            hashed[row, found] = 1.0 / np.sqrt(max(1, len(found)))
        steps = [
            np.asarray(numbers[name], dtype=np.float32)[:, None] >= np.asarray(edges, dtype=np.float32)
            for name, edges in self.edges.items()
        ]
        return np.hstack([vectors, hashed, *steps]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Familiar:
    """What descriptions of symptoms look like, so that anything else is told apart.

    Chinese: a pair of characters from `pairs`, for the English encoder reads few Chinese characters.
    Otherwise: a cosine of at least `least` to one of the unit vectors `known` [m, dim].
    """

    pairs: frozenset[str]
    known: Array
    least: float

    def holds(self, text: str, vector: Array) -> bool:
        """Whether the text resembles a description of symptoms."""
        if _HAN.search(text):
            return not self.pairs.isdisjoint(han_pairs([text]))
        return bool(np.max(self.known @ vector) >= self.least)


@dataclass(frozen=True, slots=True)
class Urgency:
    """The level decided on, P(level), and whether the text resembles a description of symptoms."""

    level: str
    probabilities: tuple[float, ...]
    familiar: bool


@dataclass(frozen=True, slots=True)
class UrgencyModel:
    """Multinomial logistic model with weighed errors: `costs[t][p]` is the harm of saying p when t is true.

    `levels` run from the least urgent to the most. `weights` [levels, inputs] and `bias` [levels] are already
    divided by the calibration temperature. An unfamiliar text is raised by one level, but not to the highest.
    """

    levels: tuple[str, ...]
    inputs: Inputs
    weights: Array
    bias: Array
    costs: tuple[tuple[float, ...], ...]
    familiar: Familiar

    def probabilities(self, matrix: Array) -> NDArray[np.float64]:
        """P(level) of rows made by `inputs.matrix`: [n, levels], every row sums to 1."""
        scores = (matrix @ self.weights.T + self.bias).astype(np.float64)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def decide(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        """The level of least expected harm for each row, [n] indexes into `levels`."""
        return np.asarray((probabilities @ np.asarray(self.costs)).argmin(axis=1), dtype=np.int64)

    def assess(self, text: str, vector: Array, numbers: Mapping[str, float]) -> Urgency:
        """Judges one description; `vector` [dim] is the encoder's unit vector of `text`."""
        columns = {name: [number] for name, number in numbers.items()}
        chances = self.probabilities(self.inputs.matrix(vector[None, :], [text], columns))
        level, familiar = int(self.decide(chances)[0]), self.familiar.holds(text, vector)
        if not familiar and level < len(self.levels) - 2:
            level += 1
        return Urgency(self.levels[level], tuple(float(p) for p in chances[0]), familiar)

    def save(self, folder: Path) -> None:
        """Writes `model.safetensors` and `settings.json` into the folder."""
        known = self.familiar.known.astype(np.float16)
        arrays = {"weights": self.weights, "bias": self.bias, "known": known}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / WEIGHTS)
        settings = {
            "format": FORMAT,
            "levels": self.levels,
            "costs": self.costs,
            "size": self.inputs.size,
            "edges": dict(self.inputs.edges),
            "least": self.familiar.least,
            "pairs": sorted(self.familiar.pairs),
        }
        text = json.dumps(settings, ensure_ascii=False, indent=1)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "UrgencyModel":
        """Reads what `save` writes. Raises PartUnreadable when a file is missing or of another shape."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder} has format {settings['format']}; train the part again.")
            arrays = load_file(folder / WEIGHTS)
            edges = {str(k): tuple(float(e) for e in v) for k, v in settings["edges"].items()}
            pairs = frozenset(str(pair) for pair in settings["pairs"])
            model = cls(
                levels=tuple(str(level) for level in settings["levels"]),
                inputs=Inputs(int(settings["size"]), edges),
                weights=arrays["weights"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
                costs=tuple(tuple(float(c) for c in row) for row in settings["costs"]),
                familiar=Familiar(pairs, arrays["known"].astype(np.float32), float(settings["least"])),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            raise PartUnreadable(
                f"{folder} cannot be read ({type(error).__name__}); train it again."
            ) from error
        _check(model, folder)
        return model


def han_pairs(texts: Iterable[str]) -> frozenset[str]:
    """Every pair of neighbouring Chinese characters in the texts."""
    runs = [run for text in texts for run in _HAN.findall(text)]
    return frozenset(run[i : i + 2] for run in runs for i in range(len(run) - 1))


def _check(model: UrgencyModel, folder: Path) -> None:
    count, known = len(model.levels), model.familiar.known
    width = known.shape[-1] + model.inputs.size + sum(len(e) for e in model.inputs.edges.values())
    fits = model.weights.shape == (count, width) and model.bias.shape == (count,) and known.ndim == 2
    if not fits or len(known) == 0 or np.asarray(model.costs).shape != (count, count):
        raise PartUnreadable(f"{folder}: the arrays do not fit the settings; train the part again.")
