"""The gate between a candidate bundle and customers: every check must hold, and a report says what was seen.

Knows how evidence, checks and report go together; plays no conversation, promotes nothing. It fails closed:
what is missing has not been shown.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.errors import NluError
from retrieval.errors import RetrievalError
from training.context import Progress
from training.errors import GateInputMissing
from training.gate_checks import AGAINST_CHAMPION, ALONE, Check, Outcome
from training.gate_evidence import Case, Evidence
from training.gate_figures import Row, by_group, figures

FORMAT = 1


def judge(case: Case, out: Path, progress: Progress) -> dict[str, Any]:
    """Runs every check and writes the report to `out`. `passed` only when all of them hold."""
    evidence = Evidence(case, progress)
    table = AGAINST_CHAMPION if case.champion else ALONE
    checks = [{"name": name, **asdict(_outcome(check, evidence))} for name, check in table]
    report = {
        "format": FORMAT,
        "passed": all(check["passed"] for check in checks),
        "compared": case.champion is not None,
        "seed": case.seed,
        "checks": checks,
        "bundles": _or_none(lambda: _bundles(evidence)),
        "difference": _or_none(lambda: evidence.difference) if case.champion else None,
        "groups": _or_none(lambda: by_group(evidence.gold, evidence.gold_hits)),
        "changes": _or_none(lambda: _changes(evidence)) if case.champion else None,
    }
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return report


def _outcome(check: Check, evidence: Evidence) -> Outcome:
    try:
        return check(evidence)
    except (GateInputMissing, NluError, RetrievalError, OSError) as error:
        return Outcome(False, f"cannot be judged: {error}")


def _or_none(read: Callable[[], Any]) -> Any:
    """A figure that could not be had; the check that needed it has said why."""
    try:
        return read()
    except (GateInputMissing, NluError, RetrievalError, OSError):
        return None


def _bundles(evidence: Evidence) -> list[dict[str, Any]]:
    """The candidate first."""
    return [
        {"id": reader.bundle.id, "bytes": reader.bytes, "gold": figures(readings, evidence.gold)}
        for reader, readings in zip(evidence.readers, evidence.gold_readings, strict=True)
    ]


def _changes(evidence: Evidence) -> dict[str, Any]:
    """What the candidate does otherwise than the champion: tests by name, rows by source, never by text."""
    candidate, champion = evidence.tests
    return {
        "tests_fixed": _names(champion.failed - candidate.failed),
        "tests_broken": _names(candidate.failed - champion.failed),
        "gold": _turned(evidence.gold, evidence.gold_hits),
        "reviewed": _turned(evidence.reviewed, evidence.reviewed_hits),
    }


def _turned(rows: Sequence[Row], hits: Sequence[NDArray[np.bool_]]) -> dict[str, list[str]]:
    candidate, champion = hits
    return {
        "fixed": [
            row.source for row, now, was in zip(rows, candidate, champion, strict=True) if now and not was
        ],
        "broken": [
            row.source for row, now, was in zip(rows, candidate, champion, strict=True) if was and not now
        ],
    }


def _names(tests: frozenset[tuple[str, str]]) -> list[str]:
    return [f"{file}: {name}" for file, name in sorted(tests)]
