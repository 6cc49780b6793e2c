"""Texts to sparse features: hashed words, character n-grams of words, and n-grams of Chinese runs.

Knows hashing only. The encoder's vocabulary has some 500 Chinese characters; these features have all of them.
"""

import re
import unicodedata
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_FIRST_CJK = "\u3400"
_MAX_CHARACTERS = 512
HASHES = 1 << 22  # so many that features of one corpus hardly ever share one


def grams(text: str) -> list[str]:
    """The features of a text, repeats included.

    A Chinese run gives its 1- to 3-grams, a word gives itself and its 3- and 4-grams.
    """
    folded = unicodedata.normalize("NFKC", text[:_MAX_CHARACTERS]).casefold()
    found: list[str] = []
    for run in _RUN.findall(folded):
        if run[0] >= _FIRST_CJK:
            sizes, piece = range(1, 4), run
        else:
            sizes, piece = range(3, 5), f"<{run}>"
            found.append(piece)
        found.extend(piece[i : i + n] for n in sizes for i in range(len(piece) - n + 1))
    return found


def counted(text: str) -> Counter[int]:
    """How often each feature occurs in a text, by its hash in [0, HASHES)."""
    return Counter(zlib.crc32(gram.encode()) % HASHES for gram in grams(text))


@dataclass(frozen=True, slots=True)
class Wide:
    """A linear model of single features: those known, ascending [n], how rare each is [n], and what it says
    of each label [n, labels] in half precision.
    """

    features: NDArray[np.int64]
    idf: NDArray[np.float32]
    weights: NDArray[np.float16]

    def read(self, found: Counter[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Which known features are among those found, and their weights in this text, of length 1 together:
        1 + log of the frequency, times idf (Salton and Buckley 1988).
        """
        ids = np.fromiter(found, dtype=np.int64, count=len(found))
        places = np.searchsorted(self.features, ids)
        known = (places < len(self.features)) & (
            self.features[np.minimum(places, len(self.features) - 1)] == ids
        )
        often = np.fromiter(found.values(), dtype=np.float32, count=len(found))[known]
        at = places[known]
        values = (1 + np.log(often)) * self.idf[at]
        length = float(np.linalg.norm(values))
        return at, np.asarray(values / length if length else values, dtype=np.float32)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file holds of it; `Wide(**tensors)` is the same again."""
        return {"features": self.features, "idf": self.idf, "weights": self.weights}

    def scores(self, text: str) -> NDArray[np.float32]:
        """One number a label."""
        if not len(self.features):
            return np.zeros(self.weights.shape[1], dtype=np.float32)
        at, values = self.read(counted(text))
        return np.asarray(values @ self.weights[at].astype(np.float32), dtype=np.float32)


def no_wide(labels: int) -> Wide:
    """One that knows nothing."""
    none = np.zeros(0, dtype=np.float32)
    return Wide(none.astype(np.int64), none, np.zeros((0, labels), dtype=np.float16))


def buckets(text: str, *, size: int) -> list[int]:
    """The distinct hash buckets of a text's features, ascending, each in [0, size)."""
    return sorted({zlib.crc32(gram.encode()) % size for gram in grams(text)})
