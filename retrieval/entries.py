"""The values the answer index works with: what it gives, how it mixes scores, and the wordings it groups.

Knows one answer's wordings in one language at a time; searches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.lexical import chinese_share, terms

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer near a text, with the nearest of its wordings and that wording's language.

    `score` runs from 0 to 1; 1 is the same wording. Half of its vector part is the cosine to the nearest
    wording, half the cosine to the mean of the answer's wordings; its lexical part is BM25 over them all.
    """

    answer_id: str
    score: float
    variant: str
    language: str


@dataclass(frozen=True, slots=True)
class Mixture:
    """How much of a score is lexical: `latin` without Chinese characters, `chinese` in all-Chinese text.

    Measured by leaving stored questions out: Chinese recall at 1 is 19 % by vectors, 76 % by terms.
    `bend` is the power that lifts lexical similarities to the range of cosines, so that right and wrong
    hits of both languages lie alike and one threshold serves both.
    `accept` is the score from which 95 % of hits were right on held-out questions; 1.0 when unmeasured.
    """

    latin: float = 0.15
    chinese: float = 0.9
    bend: float = 0.6
    accept: float = 1.0

    def weight(self, text: str) -> float:
        """The lexical weight for one query."""
        return self.latin + (self.chinese - self.latin) * chinese_share(text)

    def score(self, cosine: float, similarity: float, weight: float) -> float:
        """The score of a hit, 0 to 1, from its two parts and the weight of the lexical one."""
        lifted: float = max(0.0, similarity) ** self.bend
        return min(1.0, max(0.0, (1 - weight) * cosine + weight * lifted))


@dataclass(frozen=True, slots=True)
class Entry:
    """The wordings of one answer in one language, the rows of their vectors and the mean of these."""

    answer_id: str
    language: str
    wordings: tuple[str, ...]
    keys: tuple[str, ...]  # what makes two wordings the same: their terms
    rows: tuple[int, ...]
    mean: Vectors  # [dim], of length 1


@dataclass(frozen=True, slots=True)
class Query:
    vector: Vectors
    key: str
    weight: float
    similarities: NDArray[np.float32]  # by place among the entries


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, its score and the place of its nearest wording."""

    score: float
    entry: Entry
    nearest: int


def make_entry(
    answer_id: str, language: str, variants: Sequence[tuple[str, str]], vectors: Vectors, *, first: int
) -> Entry:
    """The entry of one language out of all wordings of an answer, whose vectors lie in rows from `first`."""
    places = [place for place, (spoken, _) in enumerate(variants) if spoken == language]
    wordings = tuple(variants[place][1] for place in places)
    mean = np.asarray(vectors[places].mean(axis=0), np.float32)
    return Entry(
        answer_id=answer_id,
        language=language,
        wordings=wordings,
        keys=tuple(key_of(wording) for wording in wordings),
        rows=tuple(first + place for place in places),
        mean=np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32),
    )


def show(query: Query, found: Found) -> Hit:
    """A hit with the wording that matched: nearest by vector, or by terms where these weigh more."""
    entry, place = found.entry, found.nearest
    if query.weight > 0.5 and found.score < 1.0:
        asked = set(query.key.split())
        shared = [len(asked & set(key.split())) / (1 + len(asked | set(key.split()))) for key in entry.keys]
        place = int(np.argmax(shared))
    return Hit(entry.answer_id, found.score, entry.wordings[place], entry.language)


def key_of(text: str) -> str:
    """What makes two wordings the same: their terms in order."""
    return " ".join(terms(text))
