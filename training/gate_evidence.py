"""What the gate looks at: frozen rows, conversation tests, two bundles, each read when first asked for.

Knows where the evidence lies; judges nothing. What is missing raises, and the check that asked has failed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.context import Progress
from training.errors import GateInputMissing
from training.gate_figures import (
    Reader,
    Readings,
    Row,
    load_reader,
    paired_bootstrap,
    read_all,
    read_rows,
    right,
)

LEAST_GOLD = 20  # below it one row is worth more than five points, and nothing can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the gate looks at. `tests` are the JSON of `frontdesk test` for each bundle; no champion: None."""

    gold: Path
    reviewed: Path
    emergencies: Path
    candidate: Path
    champion: Path | None
    candidate_tests: Path
    champion_tests: Path | None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of conversation tests: how many, and the (file, name) of those that failed."""

    count: int
    failed: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Evidence:
    """What the checks ask for, read when first asked. Anything missing raises, and the check has failed."""

    case: Case
    progress: Progress

    @cached_property
    def gold(self) -> tuple[Row, ...]:
        return read_rows(self.case.gold)

    @cached_property
    def reviewed(self) -> tuple[Row, ...]:
        return read_rows(self.case.reviewed)

    @cached_property
    def candidate(self) -> Reader:
        return load_reader(self.case.candidate)

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """Of the candidate and, where there is one, the champion."""
        champion = self.case.champion
        return (self.candidate,) if champion is None else (self.candidate, load_reader(champion))

    @cached_property
    def gold_readings(self) -> tuple[Readings, ...]:
        if len(self.gold) < LEAST_GOLD:
            raise GateInputMissing(
                f"{len(self.gold)} gold rows are there and {LEAST_GOLD} needed; add examples to the intents"
            )
        return tuple(read_all(self.readers, self.gold, lambda d, t: self.progress("gold rows", d, t)))

    @cached_property
    def gold_hits(self) -> tuple[NDArray[np.bool_], ...]:
        return tuple(right(readings, self.gold) for readings in self.gold_readings)

    @cached_property
    def reviewed_hits(self) -> tuple[NDArray[np.bool_], ...]:
        found = read_all(self.readers, self.reviewed, lambda d, t: self.progress("reviewed rows", d, t))
        return tuple(right(readings, self.reviewed) for readings in found)

    @cached_property
    def difference(self) -> dict[str, float]:
        """Accuracy, candidate minus champion, between two one-sided 95 % bounds."""
        candidate, champion = self.gold_hits
        low, high = paired_bootstrap(candidate, champion, seed=self.case.seed)
        return {
            "accuracy": round(float(candidate.mean() - champion.mean()), 4),
            "low": low,
            "high": high,
        }

    @cached_property
    def tests(self) -> tuple[Played, ...]:
        """Of the candidate and, where there is one, the champion."""
        own = _played(self.case.candidate_tests)
        if self.case.champion is None:
            return (own,)
        if self.case.champion_tests is None:
            raise GateInputMissing("the champion's conversation tests were not given")
        return own, _played(self.case.champion_tests)


def _played(path: Path) -> Played:
    found = read_object(path)
    try:
        failed = frozenset((str(failure["file"]), str(failure["name"])) for failure in found["failures"])
        return Played(int(found["conversations"]), failed)
    except (KeyError, TypeError, ValueError) as error:
        raise GateInputMissing(f"{path.name} is not what `frontdesk test --json` writes") from error


def read_object(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GateInputMissing(f"{path.name} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise GateInputMissing(f"{path.name} is no JSON") from error
    if not isinstance(found, dict):
        raise GateInputMissing(f"{path.name} is no JSON object")
    return found
