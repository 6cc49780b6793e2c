"""Finds the entries of lookup tables in a text, as they are written or with a typing error.

Knows tables of words; knows no expressions, no examples and no synonyms. Typing errors are sought in words of
letters alone: of a code each sign counts, and a wrong Chinese character makes another word.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from nlu.units import Mention, Unit, cut

SHORTEST_MENDED = 5  # letters; one error in fewer leaves too many other words
TWO_ERRORS_FROM = 9
LONGEST_MENDED = 40
MOST_WINDOWS = 64  # stretches of a message in which errors are sought
_FIRST_CJK = "\u2e80"


class Lookups:
    """Entries found as they are written, whatever their case and spaces. Immutable."""

    def __init__(self, tables: Mapping[str, Sequence[str]]) -> None:
        self._names: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._longest: dict[str, int] = {}
        for name, entries in tables.items():
            for entry in dict.fromkeys(_folded(entry, cut(entry)) for entry in entries):
                if entry:
                    self._names[entry].append(name)
                    self._longest[entry[0]] = max(len(entry), self._longest.get(entry[0], 0))

    def find(self, text: str, units: Sequence[Unit]) -> Iterator[Mention]:
        """Every mention, overlapping ones too."""
        folded = _folded(text, units)
        for i, first in enumerate(folded):
            for n in range(1, min(self._longest.get(first, 0), len(folded) - i) + 1):
                names = self._names.get(folded[i : i + n])
                start, end = units[i][0], units[i + n - 1][1]
                if names and _stands_alone(text, start, end):
                    yield from ((name, start, end) for name in names)


@dataclass(frozen=True, slots=True)
class NearMention:
    """text[start:end] is all but `entry` of the table `name`; `similarity` 1 would be the very entry."""

    name: str
    entry: str
    start: int
    end: int
    similarity: float


class NearLookups:
    """Entries found in spite of one typing error, or of two from TWO_ERRORS_FROM letters on. Immutable."""

    def __init__(self, tables: Mapping[str, Sequence[str]], words: Collection[str]) -> None:
        """`words`, folded, are right as they are: a stretch that holds no other is no typing error."""
        self._names: dict[str, list[str]] = defaultdict(list)
        self._spelt: dict[str, str] = {}
        for name, entries in tables.items():
            for entry in entries:
                folded = " ".join(entry.casefold().split())
                if _may_be_mended(folded) and name not in self._names[folded]:
                    self._names[folded].append(name)
                    self._spelt.setdefault(folded, entry.strip())
        self._entries = sorted(self._spelt, key=lambda entry: (len(entry), entry))
        self._lengths = np.asarray([len(entry) for entry in self._entries], dtype=np.int64)
        self._signatures = np.asarray([_signature(entry) for entry in self._entries], dtype=np.uint64)
        counts = {len(cut(entry)) for entry in self._entries}
        self._counts = sorted({n + d for n in counts for d in (-1, 0, 1) if n + d > 0})
        known = {word for entry in self._entries for word in _folded(entry, cut(entry))}
        self._words = frozenset(words) | known

    def find(self, text: str, units: Sequence[Unit]) -> list[NearMention]:
        """The nearest entries, none of them overlapping; where two are equally near, neither."""
        found: list[NearMention] = []
        for start, end in self._windows(text, units) if self._entries else ():
            found.extend(self._nearest(text, start, end))
        return _apart(sorted(found, key=lambda near: (-near.similarity, near.start - near.end, near.start)))

    def _windows(self, text: str, units: Sequence[Unit]) -> list[Unit]:
        """The stretches that hold a word nobody knows, and nothing but words."""
        folded = _folded(text, units)
        odd = [self._is_odd(word) for word in folded]
        windows: list[Unit] = []
        for i in (i for i, is_odd in enumerate(odd) if is_odd):
            for n in self._counts:
                for first in range(max(0, i - n + 1), min(i, len(units) - n) + 1):
                    windows.append((units[first][0], units[first + n - 1][1]))
            if len(windows) >= MOST_WINDOWS:
                break
        return list(dict.fromkeys(windows))[:MOST_WINDOWS]

    def _is_odd(self, word: str) -> bool:
        return word.isalpha() and word[0] < _FIRST_CJK and len(word) > 2 and word not in self._words

    def _nearest(self, text: str, start: int, end: int) -> Iterator[NearMention]:
        written = " ".join(text[start:end].casefold().split())
        if not _may_be_mended(written):
            return
        best: list[str] = []
        least = _errors(len(written)) + 1
        for entry in self._candidates(written):
            most = min(least, _errors(min(len(entry), len(written))))
            errors = OSA.distance(written, entry, score_cutoff=most)
            if 0 < errors <= most and entry[0] == written[0]:
                best = [*best, entry] if errors == least else [entry]
                least = errors
        if len(best) == 1:
            similarity = 1 - least / max(len(best[0]), len(written))
            for name in self._names[best[0]]:
                yield NearMention(name, self._spelt[best[0]], start, end, similarity)

    def _candidates(self, written: str) -> list[str]:
        """The entries of about the same length and letters: an error changes at most two bits of the
        signature.
        """
        errors = _errors(len(written))
        low, high = np.searchsorted(self._lengths, [len(written) - errors, len(written) + errors + 1])
        apart = np.bitwise_count(self._signatures[low:high] ^ np.uint64(_signature(written)))
        near: NDArray[np.int64] = np.flatnonzero(apart <= 2 * errors)
        return [self._entries[low + i] for i in near]


def _folded(text: str, units: Sequence[Unit]) -> tuple[str, ...]:
    return tuple(text[start:end].casefold() for start, end in units)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word goes on across the edges. Only scripts with spaces have such edges."""
    before = start > 0 and _is_word(text[start - 1]) and _is_word(text[start])
    behind = end < len(text) and _is_word(text[end]) and _is_word(text[end - 1])
    return not before and not behind


def _is_word(character: str) -> bool:
    return (character.isalnum() or character == "_") and character < _FIRST_CJK


def _may_be_mended(folded: str) -> bool:
    letters = folded.replace(" ", "").replace("-", "").replace("'", "")
    return (
        len(letters) >= SHORTEST_MENDED
        and len(folded) <= LONGEST_MENDED
        and letters.isalpha()
        and max(letters) < _FIRST_CJK
    )


def _errors(length: int) -> int:
    return 2 if length >= TWO_ERRORS_FROM else 1


def _signature(folded: str) -> int:
    """A bit for each letter that occurs."""
    bits = 0
    for letter in folded:
        bits |= 1 << (ord(letter) & 63)
    return bits


def _apart(mentions: Sequence[NearMention]) -> list[NearMention]:
    """Of overlapping mentions the first, and those of other tables over the same stretch."""
    kept: list[NearMention] = []
    for near in mentions:
        if all(
            near.end <= other.start or other.end <= near.start
            or (near.start, near.end, near.entry) == (other.start, other.end, other.entry)
            for other in kept
        ):  # fmt: skip
            kept.append(near)
    return kept
