"""Trains the sentiment part and measures it on a table of labelled messages: `evaluate-sentiment`.

Knows CSV files with the columns text and label (negative, neutral, positive or angry); measures what is
served: the exported int8 encoder and the numpy model.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlu.sentiment import SentimentModel
from retrieval.encoder import Encoder
from training.base import find_base
from training.context import Progress
from training.errors import CorpusInvalid
from training.export import export_encoder, load_sentence_model
from training.glossary import has_chinese
from training.intent_rows import encode_in_steps
from training.sentiment import Taught, fit_sentiment, own_sentences
from training.sentiment_scores import score_feelings
from training.sentiment_table import LABELS, make_sentences
from training.table import Table, read_labelled

TIMED_SINGLY = 500


def evaluate_sentiment(
    *, test: Path, train: Path | None, base: str, seed: int, progress: Progress
) -> dict[str, Any]:
    """The figures of training/sentiment_scores.py on the rows of `test`, and the milliseconds that reading a
    text takes besides its vector. `train` holds rows as a project's data/sentiment.csv does.

    A table that labels no row `angry` says nothing of anger: what its precision and recall are is None.
    """
    rows, own = _labelled(test), _labelled(train) if train else Table((), ())
    chinese = has_chinese((*rows.texts, *own.texts))
    found = find_base(base)
    with tempfile.TemporaryDirectory() as scratch:
        progress("export encoder", 0, 1)
        folder = Path(scratch)
        export_encoder(load_sentence_model(found), found, folder, name=base, chinese=chinese)
        encoder = Encoder.load(folder)
        started = time.monotonic()
        made = make_sentences(("en", "zh") if chinese else ("en",), seed=seed)
        sentences = [*made, *own_sentences(tuple(zip(own.texts, own.labels, strict=True)))]
        vectors = encode_in_steps(
            encoder.encode, [s.text for s in sentences], lambda d, t: progress("encode", d, t)
        )
        model = fit_sentiment(Taught(sentences, vectors))
        seconds = time.monotonic() - started
        tested = encode_in_steps(encoder.encode, rows.texts, lambda d, t: progress("test", d, t))
        return {
            **score_feelings(model.read(tested, rows.texts), rows.labels),
            "train_seconds": round(seconds, 1),
            "added_ms": _added(model, tested, rows.texts),
            "train_rows": {"made": len(made), "own": len(own.texts)},
        }


def _labelled(path: Path) -> Table:
    table = read_labelled(path)
    strange = sorted(set(table.labels) - set(LABELS))
    if strange:
        raise CorpusInvalid(
            f"{path} holds the label {strange[0]!r}; the labels of sentiment are {', '.join(LABELS)}."
        )
    return table


def _added(model: SentimentModel, vectors: Any, texts: Sequence[str]) -> dict[str, float]:
    times = []
    for row, text in enumerate(texts[:TIMED_SINGLY]):
        began = time.perf_counter()
        model.read(vectors[row : row + 1], [text])
        times.append((time.perf_counter() - began) * 1000)
    return {name: round(float(np.percentile(times, share)), 3) for name, share in (("p50", 50), ("p95", 95))}
