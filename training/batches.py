"""Batches for tuning an encoder: rows of one group side by side, passes of like length.

Knows token ids and groups; knows no model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.objectives import ALONE

Reader = Callable[[str], Sequence[int]]
"""A text to its token ids, special ones included."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Rows of like length that go through the encoder together: ids and mask [rows, length]."""

    ids: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows whose loss is computed together, in the order of their passages."""

    passages: tuple[Passage, ...]
    groups: Tensor  # [rows]
    originals: Tensor  # [rows, dim]


class Batches:
    """All rows once an epoch, anew shuffled each time."""

    def __init__(
        self,
        texts: Sequence[str],
        groups: NDArray[np.int64],
        originals: NDArray[np.float32],
        *,
        read: Reader,
        size: int,
        together: int,
        passage: int,
        vary: Callable[[str, np.random.Generator], str] | None = None,
    ) -> None:
        """`together` rows of a group follow each other, so that most have a partner in their batch; `vary`
        rewrites a text each time it is used.
        """
        self._texts, self._read, self._vary = texts, read, vary
        self._ids = [] if vary else [read(text) for text in texts]
        self._groups, self._originals = groups, originals
        self._size, self._together, self._passage = size, together, passage

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-len(self._texts) // self._size)

    def shuffled(self, chance: np.random.Generator) -> Iterator[Batch]:
        """One epoch."""
        order = self._order(chance)
        for start in range(0, len(order), self._size):
            yield self._batch(order[start : start + self._size], chance)

    def _order(self, chance: np.random.Generator) -> NDArray[np.int64]:
        pieces: list[NDArray[np.int64]] = []
        for group in np.unique(self._groups):
            rows = chance.permutation(np.flatnonzero(self._groups == group))
            size = 1 if group == ALONE else self._together
            pieces.extend(rows[i : i + size] for i in range(0, len(rows), size))
        return np.concatenate([pieces[i] for i in chance.permutation(len(pieces))])

    def _batch(self, rows: NDArray[np.int64], chance: np.random.Generator) -> Batch:
        read = {int(row): self._tokens(int(row), chance) for row in rows}
        # A processor computes padding like words: without it, a pass costs a third.
        order = sorted(read, key=lambda row: len(read[row]))
        passages = tuple(
            _padded([read[row] for row in order[i : i + self._passage]])
            for i in range(0, len(order), self._passage)
        )
        return Batch(
            passages, torch.from_numpy(self._groups[order]), torch.from_numpy(self._originals[order])
        )

    def _tokens(self, row: int, chance: np.random.Generator) -> Sequence[int]:
        if self._vary is None:
            return self._ids[row]
        return self._read(self._vary(self._texts[row], chance))


def _padded(rows: Sequence[Sequence[int]]) -> Passage:
    longest = max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return Passage(ids, mask)
