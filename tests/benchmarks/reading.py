"""Reading as the server does it: two requests in one message, the example bot's two languages, a cold start,
one text.

Knows bundles and the reader; how they were learnt is the commands' business.
"""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.dialogue.ports import ReadRequest
from bot.project.corpus import compile_corpus
from bot.project.load import load_project
from bot.reader import Models, Reader
from nlu.clauses import clauses
from nlu.system_entities import SystemEntities
from tests.benchmarks.entities import json_lines
from tests.benchmarks.quality import trained

Figures = dict[str, Any]
Row = dict[str, Any]

PARALLEL = Path(__file__).with_name("insurer_parallel.tsv")
COLD = """
import sys, time
from pathlib import Path
{imports}
folder = Path(sys.argv[1])
{read}
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(time.process_time(), int(peak.split()[1]) / 1024)
"""
INTENTS_ALONE = (
    "from nlu.classifier import IntentClassifier\nfrom retrieval.paired import load_encoders",
    'encoder = load_encoders(folder)[0]\ntext = "I lost my card"\n'
    'IntentClassifier.load(folder / "intents").predict(encoder.encode([text]), [text])',
)
EVERYTHING = (
    "from bot.dialogue.ports import ReadRequest\nfrom bot.reader import Models, Reader\n"
    "from nlu.system_entities import SystemEntities",
    "models = Models.load(folder, threads=1)\n"
    'reader = Reader(models, ("en", "zh"), SystemEntities(()), time.time)\n'
    '[reader.read(ReadRequest(text)) for text in ("I lost my card", "我的卡丢了")]',
)


def two_requests(data: Path, *, pairs: int = 400) -> Figures:
    """BANKING77's development rows, read by a bot of ten examples an intent: of messages of one intent, how
    many are told to be two requests; of two messages of different intents joined into one, how many are told
    to be just those two.
    """
    folder = data / "banking77" / "fewshot"
    corpus = [(row["text"], row["label"].lower()) for row in _csv(folder / "valid.csv")]
    with tempfile.TemporaryDirectory() as scratch:
        bundle = trained(_project(_csv(folder / "train_10shot.csv"), Path(scratch) / "bot"))
        reader = Reader(Models.load(bundle, threads=1), ("en",), SystemEntities(()), time.time)
        return _two_requests(reader, corpus, pairs)


def _two_requests(reader: Reader, corpus: Sequence[tuple[str, str]], pairs: int) -> Figures:
    chance = random.Random(0)
    drawn = [chance.sample(list(corpus), 2) for _ in range(pairs)]
    joined = [(f"{a.rstrip('.?! ')} and {b}", {i, j}) for (a, i), (b, j) in drawn if i != j]
    alone = [reader.read(ReadRequest(text)).requests for text, _ in corpus]
    both = [reader.read(ReadRequest(text)).requests for text, _ in joined]
    right = [{r.intent for r in found} == truth for found, (_, truth) in zip(both, joined, strict=True)]
    return {
        "alone": len(alone),
        "taken_for_two": float(np.mean([len(found) > 1 for found in alone])),
        "with_two_clauses": float(np.mean([len(clauses(text)) > 1 for text, _ in corpus])),
        "joined": len(joined),
        "both_found": float(np.mean(right)),
    }


def _project(rows: Sequence[Row], folder: Path) -> Path:
    """A bot of nothing but these examples."""
    examples: dict[str, list[str]] = {}
    for row in rows:
        examples.setdefault(row["label"].lower(), []).append(" ".join(row["text"].split()))
    written = [
        {"intent": name, "examples": "".join(f"- {t}\n" for t in texts)} for name, texts in examples.items()
    ]
    (folder / "data").mkdir(parents=True)
    for path, content in (
        ("config.yml", {"recipe": "default.v1", "language": "en"}),
        ("domain.yml", {"version": "3.1", "intents": sorted(examples)}),
        ("data/nlu.yml", {"version": "3.1", "nlu": written}),
    ):
        (folder / path).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def example_bot(project: Path) -> Figures:
    """The example bot, trained anew: its two languages, a cold start, one text."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(
            shutil.copytree(project, Path(scratch) / "bot", ignore=shutil.ignore_patterns(".frontdesk"))
        )
        began = time.monotonic()
        bundle = trained(copy)
        seconds = time.monotonic() - began
        compile_corpus(load_project(copy), Path(scratch))
        taught = frozenset(row["text"] for row in json_lines(Path(scratch) / "intents.jsonl"))
        with PARALLEL.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        texts = [row[language] for row in rows for language in ("en", "zh")]
        return {
            "train_seconds": round(seconds),
            "halves": halves(bundle, [row for row in rows if not {row["en"], row["zh"]} & taught]),
            "cold_start": cold_start(bundle),
            "one_text": one_text(bundle, texts),
        }


def halves(bundle: Path, rows: Sequence[Row]) -> Figures:
    """The example bot's intents on messages that stand in both languages, one a translation of the other by
    hand; none is among the bot's examples.
    """
    models = Models.load(bundle, threads=1)
    reader = Reader(models, ("en", "zh"), SystemEntities(()), time.time)
    right: dict[str, list[bool]] = {}
    for language in ("en", "zh"):
        found = [reader.read(ReadRequest(row[language])) for row in rows]
        right[language] = [
            reading.verdicts[0].intent == row["intent"] for reading, row in zip(found, rows, strict=True)
        ]
    gap = np.asarray(right["en"], float) - np.asarray(right["zh"], float)
    chance = np.random.default_rng(0)
    drawn = [float(gap[chance.integers(len(gap), size=len(gap))].mean()) for _ in range(1000)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {
        "pairs": len(rows),
        "en": float(np.mean(right["en"])),
        "zh": float(np.mean(right["zh"])),
        "gap": float(gap.mean()),
        "gap_interval": [round(float(low), 4), round(float(high), 4)],
    }


def cold_start(bundle: Path) -> Figures:
    """CPU seconds and peak resident MB of a fresh process up to its first readings: of intents alone, and of
    all that a reading holds in both languages.
    """
    found = {}
    for name, (imports, read) in {"intents": INTENTS_ALONE, "everything": EVERYTHING}.items():
        script = COLD.format(imports=imports, read=read)
        runs = [
            [float(x) for x in subprocess.check_output([sys.executable, "-c", script, str(bundle)]).split()]
            for _ in range(5)
        ]
        seconds, megabytes = np.median(np.asarray(runs), axis=0)
        found[name] = {"cpu_seconds": round(float(seconds), 2), "peak_mb": round(float(megabytes))}
    return found


def one_text(bundle: Path, texts: Sequence[str]) -> Figures:
    """Milliseconds of one text on one thread, warm: intents alone, and the whole reading."""
    models = Models.load(bundle, threads=1)
    reader = Reader(models, ("en", "zh"), SystemEntities(()), time.time)
    assert models.classifier is not None
    classifier, encoder = models.classifier, models.intent_encoder
    intents, whole = [], []
    for text in texts:
        began = time.perf_counter()
        classifier.predict(encoder.encode([text]), [text])
        between = time.perf_counter()
        reader.read(ReadRequest(text))
        intents.append(1000 * (between - began))
        whole.append(1000 * (time.perf_counter() - between))
    return {
        name: {
            "p50_ms": round(float(np.median(times)), 2),
            "p95_ms": round(float(np.percentile(times, 95)), 2),
        }
        for name, times in (("intents", intents), ("everything", whole))
    }


def _csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
