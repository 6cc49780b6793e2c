"""The gate's checks: a table read from the top, all of which must hold.

Knows the limits and why they stand where they do; reads no file itself (training/gate_evidence.py does).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from training.errors import GateInputMissing
from training.gate_evidence import Evidence, read_object
from training.gate_figures import by_group

LEAST_MARGIN, MARGIN_BY_ROOT = 0.01, 0.5
GROUP_FROM, GROUP_DROP = 10, 0.10
GROWTH = 1.5
FLOOR_ACCURACY, FLOOR_TESTS, FLOOR_REVIEWED = 0.70, 0.90, 0.80
FLOOR_READ_MS, FLOOR_BYTES = 50.0, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a check holds, and what was seen."""

    passed: bool
    detail: str


def margin(rows: int) -> float:
    """The loss of accuracy that a candidate may hide behind chance, at 5 % risk: 1 point, more where fewer
    than 2,500 rows judge (3.6 points with 191, 1.6 with 1,000).

    Another seed alone turns 5 to 7 % of the gold rows of the example, so the bound of two equal bundles lies
    about 0.41 / √n below zero: without this slack a gate of few rows would stop every bundle.
    """
    return max(LEAST_MARGIN, MARGIN_BY_ROOT / math.sqrt(rows))


def _bundle(evidence: Evidence) -> Outcome:
    return Outcome(True, f"{evidence.candidate.bundle.id}: every file is as its manifest says")


def _no_worse(evidence: Evidence) -> Outcome:
    d, rows = evidence.difference, len(evidence.gold)
    seen = f"{d['accuracy']:+.1%} on {rows} gold rows, at least {d['low']:+.1%} at 95 %"
    return Outcome(d["low"] > -margin(rows), f"{seen}; must stay above {-margin(rows):+.1%}")


def _no_group_drops(evidence: Evidence) -> Outcome:
    groups = [g for g in by_group(evidence.gold, evidence.gold_hits) if g["rows"] >= GROUP_FROM]
    fallen = [g for g in groups if g["accuracy"][0] < g["accuracy"][1] - GROUP_DROP]
    named = ", ".join(
        f"{g.get('intent') or g['language']} {g['accuracy'][1]:.0%} → {g['accuracy'][0]:.0%}" for g in fallen
    )
    return Outcome(not fallen, named or f"none of {len(groups)} with {GROUP_FROM} gold rows or more")


def _still_passing(evidence: Evidence) -> Outcome:
    candidate, champion = evidence.tests
    if candidate.count != champion.count:
        raise GateInputMissing(f"{candidate.count} tests were played and {champion.count} for the champion")
    broken = sorted(candidate.failed - champion.failed)
    passed = candidate.count - len(candidate.failed)
    seen = f"{passed} of {candidate.count} pass"
    return Outcome(not broken, seen + "".join(f"; broken: {file}: {name}" for file, name in broken))


def _reviewed_no_worse(evidence: Evidence) -> Outcome:
    candidate, champion = (int(hits.sum()) for hits in evidence.reviewed_hits)
    seen = f"{candidate} of {len(evidence.reviewed)} read as reviewed, {champion} by the champion"
    return Outcome(candidate >= champion, seen)


def _emergencies(evidence: Evidence) -> Outcome:
    found = read_object(evidence.case.emergencies)
    count, missed = found.get("sentences"), found.get("missed")
    if not isinstance(count, int) or not isinstance(missed, list) or count < 1:
        raise GateInputMissing(f"{evidence.case.emergencies.name} lacks `sentences` or `missed`")
    seen = f"{count - len(missed)} of {count} reach a person at once"
    return Outcome(not missed, "; ".join((seen, *map(str, missed))))


def _no_larger(evidence: Evidence) -> Outcome:
    candidate, champion = (reader.bytes for reader in evidence.readers)
    seen = f"{candidate / 1e6:.1f} MB, the champion's {champion / 1e6:.1f} MB"
    return Outcome(candidate <= GROWTH * champion, f"{seen}; at most {GROWTH} times that")


def _no_slower(evidence: Evidence) -> Outcome:
    candidate, champion = (readings.milliseconds for readings in evidence.gold_readings)
    seen = f"{candidate:.2f} ms a reading, the champion's {champion:.2f} ms"
    return Outcome(candidate <= GROWTH * champion, f"{seen}; at most {GROWTH} times that")


def _accurate(evidence: Evidence) -> Outcome:
    accuracy = float(evidence.gold_hits[0].mean())
    seen = f"{accuracy:.1%} on {len(evidence.gold)} gold rows; at least {FLOOR_ACCURACY:.0%}"
    return Outcome(accuracy >= FLOOR_ACCURACY, seen)


def _most_pass(evidence: Evidence) -> Outcome:
    played = evidence.tests[0]
    passed = played.count - len(played.failed)
    seen = f"{passed} of {played.count} pass; at least {FLOOR_TESTS:.0%}"
    return Outcome(passed >= FLOOR_TESTS * played.count, seen)


def _most_reviewed(evidence: Evidence) -> Outcome:
    hits, count = int(evidence.reviewed_hits[0].sum()), len(evidence.reviewed)
    return Outcome(
        hits >= FLOOR_REVIEWED * count, f"{hits} of {count} read as reviewed; at least {FLOOR_REVIEWED:.0%}"
    )


def _small(evidence: Evidence) -> Outcome:
    size = evidence.candidate.bytes
    return Outcome(size <= FLOOR_BYTES, f"{size / 1e6:.1f} MB; at most {FLOOR_BYTES / 1e6:.0f} MB")


def _quick(evidence: Evidence) -> Outcome:
    took = evidence.gold_readings[0].milliseconds
    return Outcome(took <= FLOOR_READ_MS, f"{took:.2f} ms a reading; at most {FLOOR_READ_MS:.0f} ms")


Check = Callable[[Evidence], Outcome]

AGAINST_CHAMPION: tuple[tuple[str, Check], ...] = (
    ("bundle is whole", _bundle),
    ("accuracy is not worse", _no_worse),
    ("no intent or language drops by more than 10 points", _no_group_drops),
    ("conversation tests that passed still pass", _still_passing),
    ("reviewed messages are read no worse", _reviewed_no_worse),
    ("emergencies reach a person", _emergencies),
    ("size", _no_larger),
    ("reading time", _no_slower),
)
ALONE: tuple[tuple[str, Check], ...] = (
    ("bundle is whole", _bundle),
    ("accuracy", _accurate),
    ("conversation tests", _most_pass),
    ("reviewed messages", _most_reviewed),
    ("emergencies reach a person", _emergencies),
    ("size", _small),
    ("reading time", _quick),
)
"""Floors for a first bundle, which nothing can be compared with."""
