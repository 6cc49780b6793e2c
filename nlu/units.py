"""Cuts a text into the units that are tagged, and says what each looks like: the tagger's features.

Knows characters and hashing; knows no tags and no encoder. A unit is a word, a run of digits, one Chinese
character or one other sign, so that "9am" is two and no mark of Chinese text needs a word to end there.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_UNIT = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff]+|\d+|\S")
_FIRST_CJK = "\u3400"

Unit = tuple[int, int]
Mention = tuple[str, int, int]
"""A name, and where what bears it begins and ends."""


def cut(text: str) -> list[Unit]:
    """Where the units of a text stand, in code points."""
    return [match.span() for match in _UNIT.finditer(text)]


def unit_vectors(
    units: Sequence[Unit], places: NDArray[np.int64], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The mean vector [units, width] of the tokens that touch each unit; zeros where none does, as behind
    the encoder's longest text.
    """
    spans = np.asarray(units, dtype=np.int64).reshape(-1, 2)
    touching = (places[None, :, 0] < spans[:, None, 1]) & (places[None, :, 1] > spans[:, None, 0])
    shares = touching / np.maximum(touching.sum(axis=1, keepdims=True), 1)
    return np.asarray(shares.astype(np.float32) @ vectors, dtype=np.float32)


def windows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each unit's vector between its neighbours', [units, 3 * width]."""
    padded = np.pad(vectors, ((1, 1), (0, 0)))
    return np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)


def unit_buckets(text: str, units: Sequence[Unit], known: Sequence[Mention], *, size: int) -> list[list[int]]:
    """The hash buckets in [0, size) of each unit's features; `known` are the mentions that tables and
    expressions found.
    """
    words = [text[start:end] for start, end in units]
    folded = ["<", *(word.casefold() for word in words), ">"]
    shapes = ["<", *(_shape(word) for word in words), ">"]
    found = []
    for i in range(1, len(words) + 1):
        features = _features(folded, shapes, i)
        start, end = units[i - 1]
        features.extend(
            f"known{'' if a == start else '+'}={name}" for name, a, b in known if a <= start and end <= b
        )
        found.append([zlib.crc32(feature.encode()) % size for feature in features])
    return found


def _features(folded: Sequence[str], shapes: Sequence[str], i: int) -> list[str]:
    word, before, after = folded[i], folded[i - 1], folded[i + 1]
    features = [
        f"w={word}",
        f"b={before}",
        f"a={after}",
        f"s={shapes[i]}",
        f"sb={shapes[i - 1]}{shapes[i]}",
        f"sa={shapes[i]}{shapes[i + 1]}",
        f"bw={before} {word}",
        f"wa={word} {after}",
        f"bb={folded[i - 2] if i > 1 else '<'}",
        f"aa={folded[i + 2] if i + 2 < len(folded) else '>'}",
    ]
    if word < _FIRST_CJK:
        features += [f"p{n}={word[:n]}" for n in (2, 3)] + [f"e{n}={word[-n:]}" for n in (2, 3)]
    return features


def _shape(word: str) -> str:
    """Digits by their number, words by their case, a Chinese character and a sign as themselves."""
    if word.isdigit():
        return f"d{min(len(word), 6)}"
    if not word[0].isalpha():
        return word
    if word[0] >= _FIRST_CJK:
        return "c"
    return "x" if word.islower() else "X" if word.isupper() else "Xx"
