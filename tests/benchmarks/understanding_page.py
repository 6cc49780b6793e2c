"""The runs of understanding.py as tables of the benchmark page.

Knows names and figures of runs; measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import Any

Runs = Mapping[str, Mapping[str, Any]]

PEERS = ("frozen + logistic regression", "SetFit", "TF-IDF + SVM")
_WHOLE: dict[str, Callable[[Mapping[str, Any]], float | None]] = {
    "accuracy": lambda run: run["accuracy"],
    "micro-F1 of requests": lambda run: (run.get("requests") or {}).get("micro_f1"),
    "macro-F1": lambda run: run.get("macro_f1"),
    "ECE": lambda run: run.get("ece"),
    "coverage at 2 % error": lambda run: run.get("coverage_at_2pct_error"),
    "acted on alone": lambda run: (run.get("acted_on_alone") or {}).get("coverage"),
    "of those misread": lambda run: (run.get("acted_on_alone") or {}).get("wrong"),
    "promise kept in resamples": lambda run: (run.get("acted_on_alone") or {}).get("kept_in_resamples"),
    "strays refused": lambda run: run.get("oos_recall"),
    "in scope, right and accepted": lambda run: run.get("in_scope_accuracy_with_rejection"),
    "AUROC": lambda run: run.get("auroc"),
    "by energy": lambda run: (run.get("auroc_by") or {}).get("energy"),
    "by distance": lambda run: (run.get("auroc_by") or {}).get("distance"),
}


def rows(runs: Runs) -> list[list[str]]:
    """A row a set and recipe: means over the seeds, a dash where there is nothing."""
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for name, run in runs.items():
        given, recipe, *_ = name.split("/")
        grouped.setdefault((given, recipe), []).append(run)
    return [
        [
            given,
            recipe,
            *(_mean([figure(run) for run in found]) for figure in _WHOLE.values()),
            _seconds(found),
        ]
        for (given, recipe), found in sorted(
            grouped.items(), key=lambda item: (item[0][0], _rank(item[0][1]))
        )
    ]


def head() -> list[str]:
    """The columns."""
    return ["set", "recipe", *_WHOLE, "training, s"]


def _rank(recipe: str) -> int:
    return PEERS.index(recipe) if recipe in PEERS else len(PEERS)


def _mean(values: Sequence[float | None]) -> str:
    there = [value for value in values if value is not None]
    return f"{100 * mean(there):.1f}" if there else "–"


def _seconds(found: Sequence[Mapping[str, Any]]) -> str:
    return f"{mean(run['train_seconds'] for run in found):.0f}"
