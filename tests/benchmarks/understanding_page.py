"""The runs of understanding.py as tables of the benchmark page.

Knows names and figures of runs; measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import Any

Runs = Mapping[str, Mapping[str, Any]]

PEERS = ("frozen + logistic regression", "SetFit", "TF-IDF + SVM")
DEVELOPMENT = "development rows"

Column = Callable[[Mapping[str, Any]], float | None]

_TELLING: dict[str, Column] = {
    "accuracy": lambda run: run["accuracy"],
    "macro-F1": lambda run: run.get("macro_f1"),
    "micro-F1 of `a+b`": lambda run: (run.get("requests") or {}).get("micro_f1"),
    "ECE": lambda run: run.get("ece"),
    "coverage at 2 % error": lambda run: run.get("coverage_at_2pct_error"),
    "acted on alone": lambda run: (run.get("acted_on_alone") or {}).get("coverage"),
    "of those misread": lambda run: (run.get("acted_on_alone") or {}).get("wrong"),
    "resamples that keep the promise": lambda run: (run.get("acted_on_alone") or {}).get("kept_in_resamples"),
}
_STRAYS: dict[str, Column] = {
    "strays refused": lambda run: run["oos_recall"],
    "in scope, right and accepted": lambda run: run["in_scope_accuracy_with_rejection"],
    "AUROC": lambda run: run["auroc"],
    "by energy alone": lambda run: (run.get("auroc_by") or {}).get("energy"),
    "by distance alone": lambda run: (run.get("auroc_by") or {}).get("distance"),
}
_OPTIONS: dict[str, Column] = {"accuracy": lambda run: run["accuracy"], "ECE": lambda run: run.get("ece")}

Table = tuple[list[str], list[list[str]]]


def telling(runs: Runs) -> Table:
    """How well intents are told apart, a row a set and recipe: means over the seeds measured."""
    return _table(runs, _TELLING, lambda name, _: DEVELOPMENT not in name)


def strays(runs: Runs) -> Table:
    """How well what is out of scope is refused, where a set has such rows."""
    return _table(runs, _STRAYS, lambda _, run: run.get("oos_recall") is not None)


def options(runs: Runs) -> Table:
    """What single options of a recipe do, on development rows."""
    return _table(runs, _OPTIONS, lambda name, _: DEVELOPMENT in name)


def _table(
    runs: Runs, columns: Mapping[str, Column], wanted: Callable[[str, Mapping[str, Any]], bool]
) -> Table:
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for name, run in runs.items():
        given, recipe, *_ = name.split("/")
        if wanted(given, run):
            grouped.setdefault((given, recipe), []).append(run)
    rows = [
        [
            given,
            recipe,
            str(len(found)),
            *(_mean([figure(run) for run in found]) for figure in columns.values()),
            _seconds(found),
        ]
        for (given, recipe), found in sorted(
            grouped.items(), key=lambda item: (item[0][0], _rank(item[0][1]), item[0][1])
        )
    ]
    return ["set", "recipe", "seeds", *columns, "training, s"], rows


def _rank(recipe: str) -> int:
    return PEERS.index(recipe) if recipe in PEERS else len(PEERS)


def _mean(values: Sequence[float | None]) -> str:
    there = [value for value in values if value is not None]
    return f"{100 * mean(there):.1f}" if there else "–"


def _seconds(found: Sequence[Mapping[str, Any]]) -> str:
    return f"{min(run['train_seconds'] for run in found):.0f}"
