"""Measures retrieval on a table of answers and one of queries, beside BM25: `evaluate-answers`.

Knows CSV files; searches exactly as the bot does, through the int8 encoder and the answer index.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlu.language import detect_language
from retrieval.answers import Answer
from retrieval.encoder import Encoder
from retrieval.index import AnswerIndex
from retrieval.lexical import LexicalIndex
from training.base import find_base
from training.context import Progress
from training.errors import CorpusInvalid
from training.export import export_encoder, load_sentence_model
from training.glossary import has_chinese
from training.intent_rows import encode_in_steps
from training.scoring import ranking
from training.table import read_table

DEPTH = 100


def evaluate_answers(*, answers: Path, queries: Path, base: str, progress: Progress) -> dict[str, Any]:
    """The figures of design/interfaces.md, and the same for BM25 over the same wordings under `bm25`."""
    stored, asked = _answers(answers), read_table(queries, "text", "id")
    known = {answer.id for answer in stored}
    if not asked or any(row["id"] not in known for row in asked):
        raise CorpusInvalid(f"{queries}: there must be rows, each with an `id` that {answers} holds.")
    wordings = [text for answer in stored for _, text in answer.variants()]
    texts, wanted = [row["text"] for row in asked], [row["id"] for row in asked]
    with tempfile.TemporaryDirectory() as scratch:
        folder = find_base(base)
        progress("export encoder", 0, 1)
        chinese = has_chinese([*texts, *wordings])
        export_encoder(load_sentence_model(folder), folder, Path(scratch), name=base, chinese=chinese)
        encoder = Encoder.load(Path(scratch))
        vectors = encode_in_steps(encoder.encode, wordings, lambda d, t: progress("encode answers", d, t))
    index = AnswerIndex.build(stored, vectors)
    ranks, times = [], []
    for done, (text, right) in enumerate(zip(texts, wanted, strict=True), start=1):
        began = time.perf_counter()
        hits = index.search(encoder.encode([text]), [text], top=DEPTH)[0]
        times.append((time.perf_counter() - began) * 1000)
        ranks.append(_rank([hit.answer_id for hit in hits], right))
        progress("search", done, len(texts))
    return {
        **ranking(ranks),
        "query_ms": _percentiles(times),
        "bm25": _bm25(stored, texts, wanted),
        "rows": {"answers": len(stored), "wordings": len(wordings), "queries": len(texts)},
    }


def _answers(path: Path) -> list[Answer]:
    """Rows of one id are wordings of one answer; the columns are id, question and perhaps answer."""
    questions: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for row in read_table(path, "id", "question"):
        questions.setdefault(row["id"], []).append(row["question"])
        texts.setdefault(row["id"], (row.get("answer") or "").strip())
    if not questions:
        raise CorpusInvalid(f"{path} has no rows.")
    stored = []
    for identity, many in questions.items():
        by_language: dict[str, tuple[str, ...]] = {}
        for question in dict.fromkeys(many):
            language = detect_language(question)
            by_language[language] = (*by_language.get(language, ()), question)
        text = texts[identity]
        stored.append(Answer(identity, {detect_language(text): text}, by_language))
    return stored


def _bm25(stored: Sequence[Answer], texts: Sequence[str], wanted: Sequence[str]) -> dict[str, Any]:
    owners = [answer.id for answer in stored for _ in answer.variants()]
    lexical = LexicalIndex([text for answer in stored for _, text in answer.variants()])
    ranks, times = [], []
    for text, right in zip(texts, wanted, strict=True):
        began = time.perf_counter()
        scores = lexical.scores(text)
        order = dict.fromkeys(owners[i] for i in np.argsort(-scores, kind="stable") if scores[i] > 0)
        times.append((time.perf_counter() - began) * 1000)
        ranks.append(_rank(list(order)[:DEPTH], right))
    return {**ranking(ranks), "query_ms": _percentiles(times)}


def _rank(found: Sequence[str], right: str) -> int | None:
    return found.index(right) + 1 if right in found else None


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(times, p)), 2) for p in (50, 95)}
