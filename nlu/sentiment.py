"""How a message sounds: negative, neutral or positive, and how probably angry.

Knows linear scores of a sentence vector, hashed n-grams and a few signs of the writing; makes no vector
itself, and knows nothing of what a bot does about an angry customer.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlu.errors import PartUnreadable
from nlu.ngrams import buckets

FORMAT = 1
WEIGHTS, SETTINGS = "sentiment.safetensors", "sentiment.json"
POLARITIES = ("negative", "neutral", "positive")

Array = NDArray[np.float32]

_LATIN = re.compile(r"[A-Za-z]{3,}")
_REPEATED = re.compile(r"[!！?？]{2,}")
_TRAILING = re.compile(r"\.\.|…")
_HAPPY = re.compile(r"[\U0001F600-\U0001F606😊😍🥰😘👍❤🎉🙏👏😁😄💕]|:-?\)|:D\b|<3")
_SAD = re.compile(r"[😞😢😭😔☹🙁😒🙄😩😫💔👎]|:-?\(|:/(?!/)")
_FURIOUS = re.compile(r"[😡🤬😠👿💢🖕]")
_ASKING = ("?", "？", "吗", "呢")
_MOST_MARKS = 3

FACES = 5  # the first so many signs tell of the polarity too; shouting only tells anger from displeasure


@dataclass(frozen=True, slots=True)
class Feeling:
    """Probabilities: `polarity` over POLARITIES, which sum to 1, and `anger`, which is part of negative."""

    polarity: tuple[float, float, float]
    anger: float


def signs(text: str) -> list[float]:
    """What the writing itself shows, each 0 to 1: question marks, three kinds of faces and a closing
    question; then words in capitals (all of them, some of them), exclamation marks, repeated marks, dots.
    """
    words = _LATIN.findall(text)
    capitals = sum(word.isupper() for word in words) / max(1, len(words))
    found = (
        min(_MOST_MARKS, text.count("?") + text.count("？")) / _MOST_MARKS,
        bool(_FURIOUS.search(text)),
        bool(_HAPPY.search(text)),
        bool(_SAD.search(text)),
        text.rstrip().endswith(_ASKING),
        capitals,
        capitals if capitals < 1 else 0,
        min(_MOST_MARKS, text.count("!") + text.count("！")) / _MOST_MARKS,
        bool(_REPEATED.search(text)),
        bool(_TRAILING.search(text)),
    )
    return [float(sign) for sign in found]


@dataclass(frozen=True, slots=True)
class SentimentModel:
    """Four scores of a text: one for each of POLARITIES, and a last one that tells an angry message from one
    that is negative without anger. The probability of anger is therefore P(negative) times P(angry, if
    negative): shouting for joy is no anger.
    """

    vector: Array  # [dim, 4], of the unit vector
    ngrams: Array  # [buckets, 4], of the mean of a text's n-grams times the root of their number
    signs: Array  # [signs, 4]
    bias: Array  # [4]

    def read(self, vectors: Array, texts: Sequence[str]) -> list[Feeling]:
        """One feeling a row of unit vectors [n, dim]; texts are the same n messages."""
        if not len(texts):
            return []
        seen = np.asarray([signs(text) for text in texts], dtype=np.float32)
        hashed = np.stack([self._hashed(text) for text in texts])
        scores = vectors @ self.vector + hashed + seen @ self.signs + self.bias
        chances = np.exp(scores[:, :-1] - scores[:, :-1].max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        anger = chances[:, 0] / (1.0 + np.exp(-scores[:, -1]))
        return [
            Feeling((float(p[0]), float(p[1]), float(p[2])), float(a))
            for p, a in zip(chances, anger, strict=True)
        ]

    def _hashed(self, text: str) -> Array:
        found = buckets(text, size=len(self.ngrams))
        return np.asarray(self.ngrams[found].sum(axis=0) / np.sqrt(max(1, len(found))), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Writes the weights and the settings; the n-grams in half precision."""
        arrays = {"vector": self.vector, "signs": self.signs, "bias": self.bias}
        full = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}
        half = {"ngrams": np.ascontiguousarray(self.ngrams, dtype=np.float16)}
        save_file({**full, **half}, folder / WEIGHTS)
        (folder / SETTINGS).write_text(json.dumps({"format": FORMAT}) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "SentimentModel":
        """Reads what `save` writes. Raises PartUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder} has format {settings['format']}; train the part again.")
            model = cls(**{k: v.astype(np.float32) for k, v in load_file(folder / WEIGHTS).items()})
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(
                f"{folder} cannot be read ({type(error).__name__}); train it again."
            ) from error
        scores = len(POLARITIES) + 1
        shapes = (model.vector.shape[1:], model.ngrams.shape[1:], model.signs.shape, model.bias.shape)
        if shapes != ((scores,), (scores,), (len(signs("")), scores), (scores,)) or not len(model.ngrams):
            raise PartUnreadable(f"{folder}: the arrays are of another shape; train the part again.")
        return model
