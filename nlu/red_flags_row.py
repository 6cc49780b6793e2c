"""One emergency as a row of patterns. Knows how firmly each kind of pattern counts; knows no language."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The patterns of one emergency in one language, each compiled alone, for `re` searches those fastest.

    `always` counts wherever it stands: no denial, date or question undoes it. `signs` count unless they are
    denied, over or long past. `names` of an illness do not count in a question about cover either. No pattern
    matches a text that holds none of the `stems`, so that most rows cost a message next to nothing.
    """

    name: str
    stems: tuple[str, ...]
    always: tuple[re.Pattern[str], ...] = ()
    signs: tuple[re.Pattern[str], ...] = ()
    names: tuple[re.Pattern[str], ...] = ()


def stems(words: str) -> tuple[str, ...]:
    """The stems in a line, parted by spaces."""
    return tuple(words.split())


def patterns(*sources: str) -> tuple[re.Pattern[str], ...]:
    """The sources compiled. Every repetition in them has an upper bound, so that a search stays linear."""
    return tuple(re.compile(source) for source in sources)
