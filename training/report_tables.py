"""The tables of the report: each intent, the pairs most often confused, the surest mistakes, strays let in.

Knows measured rows; knows no page and no chart.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from training.measured import Measured
from training.scoring import wilson

LONGEST = 280  # characters of a text as it is shown
PAIRS, EACH, MISTAKES = 20, 3, 15
MOST_IN_MATRIX = 40  # names a side that can still be read


@dataclass(frozen=True, slots=True)
class Line:
    """One intent. `mistaken` is what its messages were most often taken for, with how many; `recall_range`
    the 95 % interval. Precision is None where nothing was taken for it, recall and F1 where it has no rows.
    """

    name: str
    support: int
    precision: float | None
    recall: float | None
    recall_range: tuple[float, float] | None
    f1: float | None
    mistaken: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One message of the test rows as it was read."""

    text: str
    label: str
    guess: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two intents that are taken for one another: `there` rows of `one` for `other`, `back` the other way."""

    one: str
    other: str
    there: int
    back: int
    examples: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Who was taken for whom, [k, k], rows by label and columns by guess; k names, like ones side by side.

    `left_out` intents are not shown: none of them is in a pair that is confused more often than those shown.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    left_out: int


def lines(rows: Measured) -> list[Line]:
    """Every intent of the labels and guesses, the weakest first."""
    labels = [rows.labels[i] for i in rows.ours]
    guesses = [rows.guesses[i] for i in rows.ours]
    support, taken, hits = Counter(labels), Counter(guesses), Counter[str]()
    mistaken: dict[str, Counter[str]] = defaultdict(Counter)
    for label, guess in zip(labels, guesses, strict=True):
        if label == guess:
            hits[label] += 1
        else:
            mistaken[label][guess] += 1
    found = [
        Line(
            name,
            support[name],
            hits[name] / taken[name] if taken[name] else None,
            hits[name] / support[name] if support[name] else None,
            wilson(hits[name], support[name]) if support[name] else None,
            2 * hits[name] / (support[name] + taken[name]) if support[name] else None,
            mistaken[name].most_common(1)[0] if mistaken[name] else None,
        )
        for name in support | taken
    ]
    return sorted(found, key=lambda line: (2.0 if line.f1 is None else line.f1, line.name))


def confused_pairs(rows: Measured) -> list[Pair]:
    """The pairs most often taken for one another, each with its surest mistakes."""
    mistakes: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in surest_mistakes(rows, most=None):
        one, other = sorted((reading.label, reading.guess))
        mistakes[one, other].append(reading)
    ordered = sorted(mistakes.items(), key=lambda item: (-len(item[1]), item[0]))
    found = []
    for (one, other), readings in ordered[:PAIRS]:
        there = sum(reading.label == one for reading in readings)
        back = len(readings) - there
        if back > there:
            one, other, there, back = other, one, back, there
        shown = [r for r in readings if r.label == one][:EACH] + [r for r in readings if r.label == other][
            :EACH
        ]
        found.append(Pair(one, other, there, back, tuple(shown)))
    return found


def surest_mistakes(rows: Measured, *, most: int | None = MISTAKES) -> list[Reading]:
    """Messages in scope that were misread, the most confident first: where a label is wrong, it stands
    here.
    """
    wrong = [i for i in rows.ours if not rows.right[i]]
    return [_reading(rows, i) for i in sorted(wrong, key=lambda i: -rows.confidence[i])[:most]]


def strays_let_in(rows: Measured) -> list[Reading]:
    """Out-of-scope messages that were taken for an intent, the most confident first."""
    let_in = np.flatnonzero(~rows.inside & ~rows.refused)
    return [_reading(rows, int(i)) for i in sorted(let_in, key=lambda i: -rows.confidence[i])[:MISTAKES]]


def confusion(rows: Measured) -> Confusion:
    """The matrix, or its confused part where there are more names than can be read."""
    labels, guesses = [rows.labels[i] for i in rows.ours], [rows.guesses[i] for i in rows.ours]
    names = sorted({*labels, *guesses})
    number = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, ([number[n] for n in labels], [number[n] for n in guesses]), 1)
    wrong = counts - np.diag(np.diag(counts))
    kept = np.arange(len(names)) if len(names) <= MOST_IN_MATRIX else _most_confused(wrong)
    order = kept[_side_by_side(wrong[np.ix_(kept, kept)])]
    return Confusion(tuple(names[i] for i in order), counts[np.ix_(order, order)], len(names) - len(order))


def _most_confused(wrong: NDArray[np.int64]) -> NDArray[np.int64]:
    """So many names as can be read, pair by pair from the most confused, so that no partner is missing."""
    both = np.triu(wrong + wrong.T)
    kept: set[int] = set()
    for place in np.argsort(-both, axis=None, kind="stable"):
        one, other = (int(side) for side in np.unravel_index(place, both.shape))
        if both[one, other] == 0 or len(kept | {one, other}) > MOST_IN_MATRIX:
            break
        kept |= {one, other}
    return np.asarray(sorted(kept), dtype=np.int64)


def _side_by_side(wrong: NDArray[np.int64]) -> NDArray[np.int64]:
    """An order in which intents that are confused with one another are neighbours: average linkage with the
    best leaf order (Bar-Joseph et al. 2001).
    """
    if len(wrong) < 3:
        return np.arange(len(wrong))
    distance = 1.0 / (1.0 + wrong + wrong.T)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def shown(text: str) -> str:
    """A text as far as it fits a line or three."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


def _reading(rows: Measured, place: int) -> Reading:
    return Reading(
        shown(rows.texts[place]), rows.labels[place], rows.guesses[place], float(rows.confidence[place])
    )
