"""Why a message was taken for an intent: the words that carried it, and the training examples it is nearest
to.

Knows texts, predictions and vectors; who encodes and predicts hands them in. Nothing here is needed to read a
message.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import IntentPrediction
from nlu.errors import PartUnreadable

FILE = "examples.jsonl"
MOST_UNITS = 40  # pieces of a text that are left out in turn; each costs a reading
LONGEST = 2_000  # characters of a text that are looked at: more than an encoder reads
NEAREST = 5
SURE = 1e-6  # a probability is held this far from 0 and 1, where log-odds have no end
# A Chinese character weighs about what a word does, and the bot has no word list to cut its runs by.
_UNIT = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+(?:['’-][^\W_]+)*")

Array = NDArray[np.float32]
Place = tuple[int, int]  # start and end in a text, in code points


@dataclass(frozen=True, slots=True)
class Weight:
    """text[start:end] speaks for the intent by so many log-odds; against it where negative."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Near:
    """A training example, with the cosine of its vector to the message's."""

    text: str
    intent: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text reads as `intent`: every word's part in it, and the nearest examples, nearest first."""

    intent: str
    confidence: float
    out_of_scope: bool
    weights: tuple[Weight, ...]
    nearest: tuple[Near, ...]


class Examples:
    """Texts and intents of the training rows whose vectors a classifier keeps, in the same order."""

    def __init__(self, rows: Sequence[tuple[str, str]], vectors: Array) -> None:
        self._rows, self._vectors = tuple(rows), vectors

    @classmethod
    def load(cls, folder: Path, vectors: Array) -> "Examples":
        """Of the `intents` folder of a bundle; none where the bundle is of before they were kept. `vectors`
        [rows, dim] are the classifier's reference. Raises PartUnreadable.
        """
        path = folder / FILE
        if not path.is_file():
            return cls((), vectors[:0])
        try:
            found = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
            rows = [(str(row["text"]), str(row["intent"])) for row in found]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PartUnreadable(f"{path} cannot be read ({type(error).__name__}); train anew.") from error
        if len(rows) != len(vectors):
            raise PartUnreadable(f"{path} has {len(rows)} rows for {len(vectors)} vectors; train anew.")
        return cls(rows, vectors)

    def nearest(self, vector: Array, *, most: int = NEAREST) -> tuple[Near, ...]:
        """The examples nearest to a unit vector [dim]; of several with one text, the first."""
        cosines = self._vectors @ vector
        found: dict[str, Near] = {}
        for place in np.argsort(-cosines, kind="stable"):
            text, intent = self._rows[place]
            found.setdefault(text, Near(text, intent, float(cosines[place])))
            if len(found) == most:
                break
        return tuple(found.values())


def write_examples(folder: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Writes (text, intent) of each reference row beside the classifier, in the order of the vectors."""
    lines = (json.dumps({"text": text, "intent": intent}, ensure_ascii=False) for text, intent in rows)
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def pieces(text: str) -> list[Place]:
    """The words and Chinese characters of a text in order, as few neighbours together as keep to
    MOST_UNITS.
    """
    units = [match.span() for match in _UNIT.finditer(text[:LONGEST])]
    together = -(-len(units) // MOST_UNITS) or 1
    return [
        (units[i][0], units[min(i + together, len(units)) - 1][1]) for i in range(0, len(units), together)
    ]


def left_out(text: str, places: Sequence[Place]) -> list[str]:
    """The text without each of the places in turn (occlusion: Zeiler and Fergus 2014, arXiv:1311.2901)."""
    return [f"{text[:start].rstrip()} {text[end:].lstrip()}".strip() for start, end in places]


def explain(
    places: Sequence[Place], predictions: Sequence[IntentPrediction], nearest: Sequence[Near]
) -> Explanation:
    """From the predictions of the whole text and then of the text without each place, [1 + places]. A word's
    weight is what the likeliest intent loses in log-odds without it.
    """
    whole, *without = predictions
    intent, confidence = whole.verdicts[0]
    weights = tuple(
        Weight(start, end, _log_odds(confidence) - _log_odds(dict(one.verdicts)[intent]))
        for (start, end), one in zip(places, without, strict=True)
    )
    return Explanation(intent, confidence, whole.out_of_scope, weights, tuple(nearest))


def _log_odds(probability: float) -> float:
    held = min(max(probability, SURE), 1 - SURE)
    return math.log(held / (1 - held))
