"""From a FAQ table to the first right answer over REST, as a newcomer would do it: import, serve, ask. Wall
seconds.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tests.bot.serving import serving


def from_table(source: Path, *options: str, asked: int = 50) -> dict[str, Any]:
    """Seconds from the import to the first answer, and how many of the source's own questions are
    answered.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "bot"
        began = time.perf_counter()
        command = [sys.executable, "-m", "bot", "import", str(source), str(project), "--json", "-", *options]
        report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        imported = time.perf_counter() - began
        questions = _questions(Path(report["file"]), asked)
        with serving(project) as running:
            assert running.say(questions[0])
            first = time.perf_counter() - began
            replies = [running.post({"sender": f"s{n}", "message": q})[1] for n, q in enumerate(questions)]
        answered = sum(bool(reply) and "buttons" not in reply[0] for reply in replies)
        return {
            "answers": report["taken"],
            "import_seconds": round(imported, 1),
            "first_answer_seconds": round(first, 1),
            "asked": len(questions),
            "answered": answered,
        }


def medquad(data: Path, folder: Path, *, rows: int = 500) -> Path:
    """A CSV of every n-th question-answer pair of medquad, `rows` of them."""
    with (data / "medquad" / "qa_bank.jsonl").open(encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    step = len(pairs) // rows
    target = folder / "medquad.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("question", "answer"))
        writer.writerows((pair["question"], pair["answer"]) for pair in pairs[::step][:rows])
    return target


def _questions(answers: Path, most: int) -> list[str]:
    """Up to `most` of the imported questions, spread over the file."""
    templates = yaml.safe_load(answers.read_text(encoding="utf-8"))["answers"]
    found = [
        question for template in templates for many in template["questions"].values() for question in many
    ]
    return found[:: max(1, len(found) // most)][:most]
