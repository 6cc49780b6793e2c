"""How much somebody may send: token buckets, one for each key.

Knows keys and times, in this process only; not what is sent.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """A token bucket: `burst` at once, then one every `seconds`."""

    burst: float = 10.0
    seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.burst, self.clock()

    def take(self) -> bool:
        """Whether one more may come now."""
        now = self.clock()
        self._left = min(self.burst, self._left + (now - self._at) / self.seconds)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def wait(self) -> float:
        """Seconds from the last look until one more may come."""
        return max(0.0, 1 - self._left) * self.seconds


@dataclass(slots=True)
class Allowances:
    """A bucket for each key; the `kept` keys that came last are remembered."""

    burst: float
    seconds: float
    clock: Callable[[], float] = time.monotonic
    kept: int = 10_000
    _each: OrderedDict[str, Allowance] = field(default_factory=OrderedDict)

    def of(self, key: str) -> Allowance:
        """The bucket of this key, the same one as before."""
        found = self._each.get(key) or Allowance(self.burst, self.seconds, self.clock)
        self._each[key] = found
        self._each.move_to_end(key)
        if len(self._each) > self.kept:
            self._each.popitem(last=False)
        return found
