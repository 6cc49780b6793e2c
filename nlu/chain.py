"""A linear chain over tags: the likeliest sequence, and how likely a stretch of it is.

Knows score arrays only. Lafferty et al. 2001, "Conditional random fields"; training/tagger.py learns the
scores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chain:
    """Scores of a tag following another [tags, tags], of beginning [tags] and of ending [tags]."""

    following: Scores
    beginning: Scores
    ending: Scores

    def best(self, emissions: Scores) -> list[int]:
        """The likeliest tags of units whose tags score `emissions` [units, tags] (Viterbi)."""
        score, came = self.beginning + emissions[0], []
        for own in emissions[1:]:
            paths = score[:, None] + self.following
            came.append(paths.argmax(axis=0))
            score = paths.max(axis=0) + own
        tags = [int((score + self.ending).argmax())]
        for steps in reversed(came):
            tags.append(int(steps[tags[-1]]))
        return tags[::-1]

    def forward(self, emissions: Scores) -> Scores:
        """Log weight of all sequences up to each unit that end there in each tag, [units, tags]."""
        rows = [self.beginning + emissions[0]]
        for own in emissions[1:]:
            rows.append(_log_sum(rows[-1][:, None] + self.following) + own)
        return np.stack(rows)

    def backward(self, emissions: Scores) -> Scores:
        """Log weight of all sequences behind each unit, given its tag, [units, tags]."""
        rows = [self.ending]
        for later in emissions[:0:-1]:
            rows.append(_log_sum((self.following + (later + rows[-1])[None, :]).T))
        return np.stack(rows[::-1])


def stretch_probability(
    chain: Chain, emissions: Scores, before: Scores, behind: Scores, *, start: int, end: int, first: int
) -> float:
    """How probable it is that units start..end-1 bear the tag `first` and then `first + 1`, and that the
    unit behind does not go on. `before` and `behind` are the chain's forward and backward weights.
    """
    inside = first + 1
    total = _log_sum((before[-1] + chain.ending)[:, None])[0]
    weight = float(before[start, first])
    last = first
    for unit in range(start + 1, end):
        weight += float(chain.following[last, inside] + emissions[unit, inside])
        last = inside
    if end == len(emissions):
        weight += float(chain.ending[last])
    else:
        onward = chain.following[last] + emissions[end] + behind[end]
        weight += float(_log_sum(np.delete(onward, inside)[:, None])[0])
    return float(np.exp(min(0.0, weight - float(total))))


def _log_sum(scores: Scores) -> Scores:
    """log Σ exp over the first axis."""
    highest = scores.max(axis=0)
    return np.asarray(highest + np.log(np.exp(scores - highest).sum(axis=0)), dtype=np.float32)
