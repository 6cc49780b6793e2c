"""Counts attempts in a sliding window, so that passwords cannot be guessed by trying.

Knows keys and times, in this process only; not what is attempted.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Limiter:
    """At most `most` attempts for each key in any `window` seconds. The `kept` latest keys are remembered."""

    most: int
    window: float
    clock: Callable[[], float]
    kept: int = 10_000
    _tries: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait(self, key: str) -> float:
        """Seconds until the next attempt may be made; 0 for now."""
        tries = self._recent(key)
        return tries[0] + self.window - self.clock() if len(tries) >= self.most else 0.0

    def count(self, key: str) -> None:
        """An attempt is being made."""
        tries = self._recent(key)
        tries.append(self.clock())
        self._tries[key] = tries
        self._tries.move_to_end(key)
        while len(self._tries) > self.kept:
            self._tries.popitem(last=False)

    def forgive(self, key: str) -> None:
        """The latest attempt was no guess."""
        tries = self._recent(key)
        if tries:
            tries.pop()

    def _recent(self, key: str) -> deque[float]:
        tries = self._tries.get(key, deque())
        while tries and tries[0] <= self.clock() - self.window:
            tries.popleft()
        return tries
