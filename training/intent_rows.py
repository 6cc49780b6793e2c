"""The rows an intent part is made from: what they are called, how they are grouped, held out and counted.

Knows texts, labels and vectors; knows no recipe and no model.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.context import Progress
from training.corpus import Corpus
from training.errors import TooLittleData
from training.objectives import ALONE
from training.promise import Promises

FAQ = "faq"
OOS_LABELS = frozenset({"out_of_scope", "oos"})
LEAST_ROWS = 8

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Rows:
    """Equally many texts, labels, vectors [n, dim] and groups. Rows of a group mean the same: those of an
    intent, the questions of one stored answer.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Vectors
    groups: tuple[str, ...]

    def at(self, chosen: Iterable[int]) -> "Rows":
        """The rows at these places."""
        places = list(chosen)
        return Rows(
            tuple(self.texts[i] for i in places),
            tuple(self.labels[i] for i in places),
            self.vectors[places],
            tuple(self.groups[i] for i in places),
        )

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            self.texts + other.texts,
            self.labels + other.labels,
            np.concatenate([self.vectors, other.vectors]),
            self.groups + other.groups,
        )


@dataclass(frozen=True, slots=True)
class IntentJob:
    """What every recipe of the intent part is given."""

    rows: Rows
    out: Path
    base: Path
    gloss: Path  # where the shared encoder's glossary is, if it has one
    encode: Encode  # the shared encoder
    promises: Promises
    seed: int
    device: str
    progress: Progress
    synonyms: tuple[tuple[str, ...], ...] = ()  # rows of words that mean the same

    @property
    def names(self) -> list[str]:
        """The labels in order. Raises TooLittleData when nothing can be told apart or calibrated."""
        names = sorted(set(self.rows.labels))
        if len(names) < 2 or len(self.rows.texts) < LEAST_ROWS:
            raise TooLittleData(
                f"Intents need at least two names and {LEAST_ROWS} examples; "
                f"there are {len(names)} and {len(self.rows.texts)}. "
                "Add examples (in a project: data/nlu.yml)."
            )
        return names


def labelled(texts: Sequence[str], labels: Sequence[str], vectors: Vectors) -> Rows:
    """Rows of which each label is one group."""
    return Rows(tuple(texts), tuple(labels), vectors, tuple(labels))


def rows_of(corpus: Corpus) -> tuple[tuple[str, str, str], ...]:
    """(text, label, group) of every example; the questions of answers have the label `faq`, each text once.

    Empty when the corpus has no intents: a bot of answers alone needs no classifier.
    """
    rows = {example.text: (example.intent, example.intent) for example in corpus.examples}
    if rows:
        for answer in corpus.answers:
            for questions in answer.questions.values():
                for question in questions:
                    rows.setdefault(question, (FAQ, f"{FAQ}/{answer.id}"))
    return tuple((text, label, group) for text, (label, group) in rows.items())


def synonyms_of(corpus: Corpus) -> tuple[tuple[str, ...], ...]:
    """Rows of words that may stand for each other: a value with its synonyms, the entries of a lookup."""
    by_value: dict[str, list[str]] = {}
    for surface, value in dict(corpus.entities.get("synonyms") or {}).items():
        by_value.setdefault(str(value), [str(value)]).append(str(surface))
    lookups = dict(corpus.entities.get("lookups") or {}).values()
    return tuple(tuple(row) for row in [*by_value.values(), *lookups] if len(row) > 1)


def encode_in_steps(
    encode: Encode, texts: Sequence[str], progress: Callable[[int, int], None], *, step: int = 500
) -> Vectors:
    """encode() a few hundred texts at a time, so that progress can be told."""
    parts = []
    for start in range(0, len(texts), step):
        parts.append(encode(texts[start : start + step]))
        progress(min(start + step, len(texts)), len(texts))
    return np.concatenate(parts)


def in_scope(labels: Iterable[str]) -> NDArray[np.bool_]:
    """Which labels are those of intents or stored questions, not of strays."""
    return np.asarray([label not in OOS_LABELS for label in labels])


def acting(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the classes a rule can act on, [labels]."""
    return np.asarray([name not in OOS_LABELS and name != FAQ for name in names])


def numbered(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    """Each label's place among the names."""
    number = {name: i for i, name in enumerate(names)}
    return np.asarray([number[label] for label in labels], dtype=np.int64)


def group_numbers(rows: Rows) -> NDArray[np.int64]:
    """A number a group; strays belong to none, for they are like nothing but themselves."""
    names = sorted({g for g, label in zip(rows.groups, rows.labels, strict=True) if label not in OOS_LABELS})
    number = {name: i for i, name in enumerate(names)}
    return np.asarray([number.get(group, ALONE) for group in rows.groups], dtype=np.int64)


def folds(labels: NDArray[np.int64], parts: int, seed: int) -> NDArray[np.int64]:
    """A fold number a row, each class spread evenly over the folds."""
    chance = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = chance.permutation(np.flatnonzero(labels == label))
        fold[rows] = (np.arange(len(rows)) + chance.integers(parts)) % parts
    return fold


def names_as_rows(names: Sequence[str], encode: Encode) -> Rows:
    """An intent's name read as one more example of it: `card_arrival` as "card arrival". To a logistic
    regression of the vectors (C=30) that is worth 1.7 to 1.8 points on development rows of BANKING77,
    CLINC150 and HWU64 with five examples each, and at most 0.7 with ten.
    """
    spoken = {name: in_words(name) for name in names if name != FAQ and name not in OOS_LABELS}
    texts = [text for text in spoken.values() if text]
    labels = tuple(name for name, text in spoken.items() if text)
    return labelled(texts, labels, encode(texts))


def in_words(name: str) -> str:
    """`cardArrival`, `card-arrival` and `card_arrival` as "card arrival"."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[\W_]+", " ", name)).lower().split())
