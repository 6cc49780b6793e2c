"""Measures how far the encoder's cosine tells similar questions from others: `evaluate-pairs`.

Knows a CSV file of pairs; the encoder is the one that bots serve, as int8.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from retrieval.encoder import Encoder
from training.base import find_base
from training.context import Progress
from training.errors import CorpusInvalid
from training.export import export_encoder, load_sentence_model
from training.glossary import has_chinese
from training.intent_rows import encode_in_steps
from training.scoring import auroc, bootstrap
from training.table import read_table

ONE, OTHER, SIMILAR = "question_1", "question_2", "similar"
YES, NO = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})
TIMED = 200


def evaluate_pairs(*, test: Path, base: str, progress: Progress) -> dict[str, Any]:
    """The figures of design/interfaces.md with their 95 % intervals, and the time to compare one pair."""
    rows = read_table(test, ONE, OTHER, SIMILAR)
    similar = np.asarray([_similar(row[SIMILAR], test, place) for place, row in enumerate(rows, start=2)])
    if not 0 < similar.sum() < len(similar):
        raise CorpusInvalid(
            f"{test} must hold pairs that are similar and pairs that are not; it has one kind."
        )
    texts = [row[column] for column in (ONE, OTHER) for row in rows]
    with tempfile.TemporaryDirectory() as scratch:
        folder = find_base(base)
        progress("export encoder", 0, 1)
        chinese = has_chinese(texts)
        export_encoder(load_sentence_model(folder), folder, Path(scratch), name=base, chinese=chinese)
        encoder = Encoder.load(Path(scratch))
        vectors = encode_in_steps(encoder.encode, texts, lambda d, t: progress("encode", d, t))
        times = [_seconds(encoder, row[ONE], row[OTHER]) for row in rows[:TIMED]]
    cosines = (vectors[: len(rows)] * vectors[len(rows) :]).sum(axis=1)
    return {
        **_figures(cosines, similar),
        "intervals": {
            "auc": bootstrap(lambda at: _figures(cosines[at], similar[at])["auc"], len(rows)),
            "average_precision": bootstrap(
                lambda at: _figures(cosines[at], similar[at])["average_precision"], len(rows)
            ),
        },
        "pair_ms": {f"p{p}": round(1000 * float(np.percentile(times, p)), 2) for p in (50, 95)},
        "rows": {"pairs": len(rows), "similar": int(similar.sum())},
    }


def _figures(cosines: NDArray[np.float32], similar: NDArray[np.bool_]) -> dict[str, float]:
    """A draw of rows that are all of one kind tells nothing, which is the AUC of chance."""
    if not 0 < similar.sum() < len(similar):
        return {"auc": 0.5, "average_precision": float(similar.mean())}
    return {
        "auc": auroc(cosines[similar], cosines[~similar]),
        "average_precision": float(average_precision_score(similar, cosines)),
    }


def _similar(said: str, path: Path, line: int) -> bool:
    word = said.strip().casefold()
    if word not in YES | NO:
        raise CorpusInvalid(f"{path}, row {line}: `{SIMILAR}` must be 1 or 0.")
    return word in YES


def _seconds(encoder: Encoder, one: str, other: str) -> float:
    began = time.perf_counter()
    vectors = encoder.encode([one, other])
    _ = float(vectors[0] @ vectors[1])
    return time.perf_counter() - began
