"""Collects what is wrong with a project's files, and where.

Knows places and findings; reads nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import Finding, Level


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file; `file` is relative to the project folder and `line` counts from 1."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Report:
    """Gathers findings while files are read, so that one run tells all of them and each fault once.

    `lost` names what may be missing because the file or section that holds it could not be read (`intents`,
    `slots`, `rules`, `examples`, `languages` …): what only follows from that is not worth a finding. `torn`
    names the files of which something could not be read. Each comes with an error of its own.
    """

    def __init__(self, lost: Iterable[str] = ()) -> None:
        self._found: set[Finding] = set()
        self._spoilt: set[Place] = set()
        self.lost: set[str] = set(lost)
        self.torn: set[str] = set()

    def error(self, place: Place, message: str, mend: str) -> None:
        """Something that keeps the bot from running as written."""
        self._add(place, Level.ERROR, message, mend)

    def warn(self, place: Place, message: str, mend: str) -> None:
        """Something that will not do what its author may expect."""
        self._add(place, Level.WARNING, message, mend)

    def wrong_kind(self, place: Place, message: str, mend: str) -> None:
        """A value of the wrong kind: what is missing on this line from now on is missing because of it."""
        self._found.add(Finding(place.file, place.line, Level.ERROR, message, mend))
        self._spoilt.add(place)

    def unreadable(self, place: Place, message: str, mend: str) -> None:
        """A file, or the rest of it, that cannot be read."""
        self.torn.add(place.file)
        self.error(place, message, mend)

    def _add(self, place: Place, level: Level, message: str, mend: str) -> None:
        if place not in self._spoilt:
            self._found.add(Finding(place.file, place.line, level, message, mend))

    @property
    def count(self) -> int:
        """How many findings there are so far: whether reading something has already said what is wrong."""
        return len(self._found)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, by file and line."""
        return tuple(sorted(self._found))


_PREFIXES = ("action_", "utter_ask_", "utter_", "validate_")


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """`Did you mean …?` when a known name of the same kind is near, else `otherwise`."""
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    stems = {other.removeprefix(prefix): other for other in sorted(known) if other.startswith(prefix)}
    near = difflib.get_close_matches(name.removeprefix(prefix), stems, n=1, cutoff=0.75)
    return f"Did you mean `{stems[near[0]]}`?" if near else otherwise
