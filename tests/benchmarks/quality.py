"""How well the recipes read and find, on public data named by FRONTDESK_DATA, through the command line as a
user would.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def frontdesk(arguments: Sequence[str]) -> dict[str, Any]:
    """The JSON result of one `frontdesk` command; fails with the command's own words."""
    command = [sys.executable, "-m", "bot", *arguments, "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def trained(project: Path) -> Path:
    """The bundle of a project, trained now."""
    subprocess.run([sys.executable, "-m", "bot", "train", str(project)], check=True, capture_output=True)
    return max((project / ".frontdesk" / "bundles").glob("2*"))


def banking77(data: Path) -> dict[str, Any]:
    """Intents on BANKING77, all training rows, the test rows that are here."""
    folder = data / "banking77"
    files = ["--train", str(folder / "train.csv"), "--test", str(folder / "test.csv")]
    return frontdesk(["evaluate", "intents", "--recipe", "fast", *files])


def banking77_oos(data: Path) -> dict[str, Any]:
    """The same recipe on 50 of the intents, with the 27 others and far-away chatter as out of scope."""
    folder = data / "banking77" / "oos"
    with tempfile.TemporaryDirectory() as scratch:
        outside = Path(scratch) / "oos.csv"
        rows = [*_rows(folder / "id_oos_test.csv"), *_rows(folder / "ood_oos_test.csv")]
        _write(outside, ("text", "label"), [(row["text"], "oos") for row in rows])
        files = ["--train", str(folder / "inscope_train.csv"), "--test", str(folder / "inscope_test.csv")]
        return frontdesk(["evaluate", "intents", "--recipe", "fast", *files, "--oos-test", str(outside)])


def stackfaq(data: Path) -> dict[str, Any]:
    """Paraphrase → question, on questions alone: the source has no answers."""
    folder = data / "stackfaq_paraphrases"
    with tempfile.TemporaryDirectory() as scratch:
        answers, queries = Path(scratch) / "answers.csv", Path(scratch) / "queries.csv"
        bank, test = _rows(folder / "faq_bank.csv"), _rows(folder / "test.csv")
        _write(answers, ("id", "question"), [(row["faq_id"], row["question"]) for row in bank])
        _write(queries, ("text", "id"), [(row["query"], row["faq_id"]) for row in test])
        return frontdesk(["evaluate", "answers", "--answers", str(answers), "--queries", str(queries)])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
