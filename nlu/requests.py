"""Vectors and texts to all the requests a message makes, where examples say that it makes several (`a+b`).

Knows numpy arithmetic and two files; knows no encoder, no training and no policy.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlu.errors import PartUnreadable
from nlu.ngrams import Wide

FORMAT = 1
WEIGHTS, SETTINGS = "requests.safetensors", "requests.json"
LIKELY = 0.5
JOINT = "+"  # between the intents of a label, as Rasa writes it

Array = NDArray[np.float32]


def parts_of(label: str) -> tuple[str, ...]:
    """The intents that a label joins."""
    return tuple(part for part in label.split(JOINT) if part)


@dataclass(frozen=True, slots=True)
class RequestModel:
    """One linear model an intent over the sentence vector and single n-grams: is it among the requests?
    Probabilities are Platt's: a logistic curve over the margins, one for all intents.
    """

    intents: tuple[str, ...]
    linear: Array  # [dim, intents]
    bias: Array  # [intents]
    wide: Wide
    slope: float
    offset: float

    @classmethod
    def load(cls, folder: Path) -> "RequestModel | None":
        """That of a bundle's `intents` folder; None where no label joins intents. Raises PartUnreadable."""
        if not (folder / SETTINGS).is_file():
            return None
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder}: requests of format {settings['format']!r}, not {FORMAT}.")
            found = load_file(folder / WEIGHTS)
            wide = Wide(**{name: found[f"wide.{name}"] for name in ("features", "idf", "weights")})
            slope, offset = float(settings["slope"]), float(settings["offset"])
            return cls(tuple(settings["intents"]), found["linear"], found["bias"], wide, slope, offset)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(f"{folder} holds no readable requests ({error!r}); train anew.") from error

    def save(self, folder: Path) -> None:
        """Two files, as load() reads them."""
        wide = {f"wide.{name}": np.ascontiguousarray(v) for name, v in self.wide.tensors().items()}
        save_file({"linear": self.linear, "bias": self.bias, **wide}, folder / WEIGHTS)
        settings = {
            "format": FORMAT,
            "intents": self.intents,
            "slope": self.slope,
            "offset": self.offset,
        }
        text = json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    def margins(self, vectors: Array, texts: Sequence[str]) -> Array:
        """Signed distances to each intent's border [n, intents], from the shared encoder's vectors [n,
        dim].
        """
        scores = vectors @ self.linear + self.bias
        for row, text in zip(scores, texts, strict=True):
            row += self.wide.scores(text)
        return np.asarray(scores, dtype=np.float32)

    def read(self, vectors: Array, texts: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
        """Each message's requests that are likelier than not, the likeliest first."""
        likely = 1.0 / (1.0 + np.exp(-(self.slope * self.margins(vectors, texts) + self.offset)))
        return [
            tuple(
                (self.intents[i], float(row[i])) for i in np.argsort(-row, kind="stable") if row[i] >= LIKELY
            )
            for row in likely
        ]
