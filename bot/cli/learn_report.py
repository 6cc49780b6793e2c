"""A learning cycle's report as a person reads it, on the terminal and as a page.

Knows the report's JSON; measures nothing. Rows appear by their place, never by their text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

MOST_LISTED = 10
_FIGURES = (
    ("accuracy", "accuracy, refusals counted"),
    ("macro_f1", "macro F1"),
    ("likeliest_accuracy", "accuracy of the likeliest intent, in scope"),
    ("ece", "calibration error"),
    ("oos_recall", "out-of-scope recall"),
    ("read_ms", "reading time, ms"),
)


def as_text(report: dict[str, Any], project: Path) -> str:
    """The lines that end `frontdesk learn`."""
    if not report["new"]:
        return (
            f"Nothing new: {report['champion']} was trained on the same data by the same recipe. "
            "Review messages, add examples, or use --force."
        )
    marks = [
        f"  {'passed' if check['passed'] else 'FAILED'}  {check['name']}: {check['detail']}"
        for check in report["checks"]
    ]
    lines = [f"Candidate {report['candidate']}: {_verdict(report)}", *marks]
    lines += [f"  {line}" for line in _changes(report)]
    lines.append(f"Report: {report['report']}")
    if report["passed"]:
        lines.append(f"It serves after `frontdesk models promote {report['candidate']} {project}`.")
    elif report["champion"]:
        lines.append(f"{report['champion']} keeps serving.")
    return "\n".join(lines)


def as_markdown(report: dict[str, Any]) -> str:
    """report.md."""
    parts = [
        f"# Candidate {report['candidate']}",
        f"It {_verdict(report)}",
        _against(report),
        "## Checks",
        _table(
            ("check", "", "seen"),
            [(c["name"], "passed" if c["passed"] else "**failed**", c["detail"]) for c in report["checks"]],
        ),
        "## Figures on the frozen rows",
        _figures(report),
        "## What changed",
        "\n".join(f"- {line}" for line in _changes(report)) or "Nothing that the gate saw.",
        "## Intents and languages",
        _groups(report),
    ]
    return "\n\n".join(parts) + "\n"


def _verdict(report: dict[str, Any]) -> str:
    failed = sum(not check["passed"] for check in report["checks"])
    return (
        "passed the gate." if report["passed"] else f"did not pass the gate ({failed} of its checks failed)."
    )


def _against(report: dict[str, Any]) -> str:
    if report["champion"]:
        return f"Compared with the serving bundle {report['champion']}, seed {report['seed']}."
    return "No bundle served to compare with: absolute floors held instead, and say less."


def _changes(report: dict[str, Any]) -> list[str]:
    data, found = report["data"], report["changes"] or {}
    lines = [
        f"data: {data['rows']} rows to train on, {data['gold']} frozen; {data['reviewed']} were reviewed"
    ]
    lines += [f"reviews left out, {reason}: {count}" for reason, count in sorted(data["skipped"].items())]
    for key, words in (("tests_fixed", "test now passes"), ("tests_broken", "test now FAILS")):
        lines += _listed(words, found.get(key, []))
    for key in ("gold", "reviewed"):
        turned = found.get(key) or {"fixed": [], "broken": []}
        if turned["fixed"] or turned["broken"]:
            lines.append(f"{key} rows: {len(turned['fixed'])} now right, {len(turned['broken'])} now wrong")
            lines += _listed(f"{key} row now wrong", turned["broken"])
    return lines


def _listed(words: str, names: list[str]) -> list[str]:
    more = len(names) - MOST_LISTED
    return [
        *(f"{words}: {name}" for name in names[:MOST_LISTED]),
        *([f"… and {more} more"] if more > 0 else []),
    ]


def _figures(report: dict[str, Any]) -> str:
    bundles = report["bundles"]
    if not bundles:
        return "They could not be had; the checks say why."
    heads = ("", "candidate", "champion")[: len(bundles) + 1]
    rows = [(words, *(_shown(bundle["gold"][name]) for bundle in bundles)) for name, words in _FIGURES]
    return _table(heads, rows)


def _groups(report: dict[str, Any]) -> str:
    if not report["groups"]:
        return "They could not be had; the checks say why."
    heads = ("", "rows", "candidate", "champion")[: len(report["groups"][0]["accuracy"]) + 2]
    return _table(
        heads,
        [
            (
                group.get("intent") or f"language {group['language']}",
                str(group["rows"]),
                *map(_shown, group["accuracy"]),
            )
            for group in report["groups"]
        ],
    )


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)
