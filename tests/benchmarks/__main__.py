"""`make bench`: measures, prints, and writes docs/benchmarks.md anew.

Parts may be named: `python -m tests.benchmarks serving engine intents reading answers first-bot next-action`;
those left out keep their figures. `understanding` is hours of work: `python -m tests.benchmarks understanding
"hwu64 5-shot"` does the runs whose name begins so, and each is kept as soon as it is done.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks import (
    engine,
    entities,
    first_bot,
    next_action,
    page,
    quality,
    reading,
    serving,
    told_in_words,
    understanding,
)

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "benchmarks.json"


def measure_serving() -> dict[str, Any]:
    return serving.main(ROOT / "examples" / "insurer")


def measure_intents() -> dict[str, Any]:
    data = data_folder()
    return {
        "banking77": quality.banking77(data),
        "banking77_oos": quality.banking77_oos(data),
    }


def measure_answers() -> dict[str, Any]:
    return {"stackfaq": quality.stackfaq(data_folder())}


def measure_reading() -> dict[str, Any]:
    data = data_folder()
    return {
        "example": reading.example_bot(ROOT / "examples" / "insurer"),
        "entities": entities.measure(data),
        "two_requests": reading.two_requests(data),
    }


def measure_first_bot() -> dict[str, Any]:
    data = data_folder()
    with tempfile.TemporaryDirectory() as folder:
        return {
            "covid_faq": first_bot.from_table(data / "covid_faq" / "faq_bank.csv", "--language", "en"),
            "medquad_500": first_bot.from_table(first_bot.medquad(data, Path(folder))),
        }


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "serving": measure_serving,
    "engine": engine.main,
    "intents": measure_intents,
    "reading": measure_reading,
    "answers": measure_answers,
    "first-bot": measure_first_bot,
    "next-action": lambda: {**next_action.measure(), "words": told_in_words.measure()},
}


def data_folder() -> Path:
    """Where the public data sets lie."""
    named = os.environ.get("FRONTDESK_DATA")
    if not named or not Path(named).is_dir():
        raise SystemExit("Set FRONTDESK_DATA to the folder of the data sets; each has a README there.")
    return Path(named)


def machine() -> str:
    """The processor and how many of it this process may use."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{len(os.sched_getaffinity(0))} cores of {names[0] if names else platform.machine()}"


def measure_understanding(only: str) -> None:
    """Run by run, so that hours of work survive an interruption."""

    def keep(figures: dict[str, Any]) -> None:
        known: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
        part = known.setdefault("understanding", {"runs": {}})
        part["runs"].update(figures["runs"])
        part |= {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
        _write(known)
        sys.stderr.write(f"{', '.join(figures['runs'])}\n")

    before = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    understanding.measure(data_folder(), before.get("understanding", {}), keep, only=only)


def main(wanted: list[str]) -> None:
    if wanted[:1] == ["understanding"]:
        measure_understanding(" ".join(wanted[1:]))
        return
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise SystemExit(f"There is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}.")
    figures: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    where = machine()
    for name in wanted or PARTS:
        sys.stderr.write(f"{name} …\n")
        figures[name] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": where, **PARTS[name]()}
        _write(figures)
    sys.stdout.write(json.dumps({name: figures[name] for name in wanted or PARTS}, indent=1) + "\n")


def _write(figures: dict[str, Any]) -> None:
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    page.write(figures, ROOT / "docs" / "benchmarks.md")


if __name__ == "__main__":
    main(sys.argv[1:])
