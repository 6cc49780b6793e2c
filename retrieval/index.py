"""The index over answer templates: nearest wording first, one hit per answer, live edits over a built base.

Knows vectors, wordings and validity; knows no encoder (vectors come from outside) and no store.
"""

import json
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from retrieval.answers import Answer, read_answers, write_answers
from retrieval.entries import Entry, Found, Hit, Mixture, Query, Vectors, key_of, make_entry, show
from retrieval.errors import AnswerInvalid, IndexUnreadable
from retrieval.lexical import LexicalIndex

__all__ = ["AnswerIndex", "Hit", "Mixture"]  # what a search takes and gives comes with the index

FORMAT = 1
VECTORS, ANSWERS, SETTINGS = "index.faiss", "answers.jsonl", "index.json"
EXACT_UP_TO = 50_000
_CANDIDATES = 64
_HASHTABLE = 2  # faiss.DirectMap.Hashtable, which its stubs leave out


class AnswerIndex:
    """Searches every wording of every answer. Edits are seen by the next search. Thread-safe.

    Exact up to 50,000 wordings at building time; inverted lists of 8-bit vectors beyond.
    """

    def __init__(self, dim: int, *, mixture: Mixture | None = None) -> None:
        self.dim = dim
        self.mixture = mixture or Mixture()
        self._faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))
        self._answers: dict[str, Answer] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}  # by answer id
        self._next = 0
        # Made together by _documents() when an edit has cleared them:
        self._lexical: tuple[LexicalIndex, list[Entry]] | None = None
        self._owners: dict[int, int] = {}  # place among the entries, by row
        self._lock = threading.Lock()

    @classmethod
    def build(
        cls,
        answers: Sequence[Answer],
        vectors: Vectors,
        *,
        mixture: Mixture | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> "AnswerIndex":
        """An index of many answers; vectors [n, dim] follow the wordings of each answer in turn."""
        if sum(len(answer.variants()) for answer in answers) != len(vectors):
            raise AnswerInvalid(f"{len(vectors)} vectors do not fit the wordings of {len(answers)} answers.")
        index = cls(vectors.shape[1], mixture=mixture)
        if len(vectors) > exact_up_to:
            index._faiss = _approximate(vectors)
        start = 0
        for answer in answers:
            count = len(answer.variants())
            index._list(answer, vectors[start : start + count])
            start += count
        if start:
            index._faiss.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.arange(start))
        return index

    @classmethod
    def load(cls, folder: Path) -> "AnswerIndex":
        """Loads the `answers` folder of a bundle. Raises IndexUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise IndexUnreadable(f"{folder}: index format {settings['format']!r}, not {FORMAT}.")
            index = cls(int(settings["dim"]), mixture=Mixture(**settings["mixture"]))
            index._faiss = faiss.read_index(str(folder / VECTORS))
            answers = read_answers(folder / ANSWERS)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, AnswerInvalid) as error:
            raise IndexUnreadable(f"{folder} holds no readable index ({error}); train anew.") from error
        rows = sum(len(answer.variants()) for answer in answers)
        if index._faiss.ntotal != rows or index._faiss.d != index.dim:
            raise IndexUnreadable(f"{folder}: the index does not fit its answers; train anew.")
        for answer in answers:
            index._list(answer, index._stored(range(index._next, index._next + len(answer.variants()))))
        return index

    def save(self, folder: Path) -> None:
        """Writes index.faiss, answers.jsonl and index.json, with the rows numbered anew in order."""
        with self._lock:
            rows = sorted(row for many in self._entries.values() for entry in many for row in entry.rows)
            fresh = faiss.clone_index(self._faiss)
            fresh.reset()
            if rows:
                fresh.add_with_ids(self._stored(rows), np.arange(len(rows)))
            faiss.write_index(fresh, str(folder / VECTORS))
            write_answers(folder / ANSWERS, self._answers.values())
        settings = {"format": FORMAT, "dim": self.dim, "mixture": asdict(self.mixture)}
        (folder / SETTINGS).write_text(
            json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, answer_id: str) -> Answer:
        """The answer of that id, as last written. Raises KeyError."""
        return self._answers[answer_id]

    def upsert(self, answer: Answer, vectors: Vectors) -> None:
        """Adds or replaces the answer of that id; vectors [wordings, dim] follow answer.variants()."""
        count = len(answer.variants())
        if vectors.shape != (count, self.dim):
            raise AnswerInvalid(
                f"Answer {answer.id} needs {count} vectors of {self.dim}; got {vectors.shape}."
            )
        with self._lock:
            self._drop(answer.id)
            if count:
                rows = np.arange(self._next, self._next + count)
                self._faiss.add_with_ids(np.ascontiguousarray(vectors, np.float32), rows)
            self._list(answer, vectors)

    def remove(self, answer_id: str) -> bool:
        """Takes an answer out; False when there was none of that id."""
        with self._lock:
            return self._drop(answer_id)

    def search(
        self,
        vectors: Vectors,
        texts: Sequence[str],
        *,
        top: int,
        languages: Collection[str] | None = None,
        today: date | None = None,
        audience: str | None = None,
    ) -> list[list[Hit]]:
        """At most `top` answers for each query, best first; vectors [n, dim] belong to the n texts.

        Only wordings in `languages` (None: any), answers valid `today` (None: whenever) and meant for
        `audience` (None: for everyone) are hits.
        """
        with self._lock:
            allowed = {
                a.id
                for a in self._answers.values()
                if a.is_for(audience) and (today is None or a.is_valid_on(today))
            }
            return [
                self._search_one(vector, text, top, allowed, languages)
                for vector, text in zip(np.asarray(vectors, np.float32), texts, strict=True)
            ]

    def _search_one(
        self,
        vector: Vectors,
        text: str,
        top: int,
        allowed: Collection[str],
        languages: Collection[str] | None,
    ) -> list[Hit]:
        lexical, entries = self._documents()
        query = Query(vector, key_of(text), self.mixture.weight(text), lexical.similarities(text))
        count = min(_CANDIDATES, len(self._owners))
        while True:  # filters may empty the first candidates: look wider until there are enough
            best: dict[str, Found] = {}
            for place, cosines in self._candidates(query, entries, count).items():
                entry = entries[place]
                if entry.answer_id in allowed and (languages is None or entry.language in languages):
                    found = self._score(query, entry, cosines, float(query.similarities[place]))
                    if entry.answer_id not in best or best[entry.answer_id].score < found.score:
                        best[entry.answer_id] = found
            if len(best) >= top or count >= len(self._owners):
                ordered = sorted(best.values(), key=lambda found: (-found.score, found.entry.answer_id))
                return [show(query, found) for found in ordered[:top]]
            count = min(count * 4, len(self._owners))

    def _candidates(self, query: Query, entries: Sequence[Entry], count: int) -> dict[int, dict[int, float]]:
        """By place: entries near by vector with known cosines of their rows, and entries near by terms."""
        near: dict[int, dict[int, float]] = {}
        if not count:
            return near
        cosines, rows = self._faiss.search(query.vector[None], count)
        for row, cosine in zip(rows[0].tolist(), cosines[0].tolist(), strict=True):
            if row >= 0:  # inverted lists may give fewer than asked, marked -1
                near.setdefault(self._owners[row], {})[row] = cosine
        most = min(-(-count // 4), len(entries))
        for place in np.argpartition(-query.similarities, most - 1)[:most].tolist():
            if query.similarities[place] > 0:
                near.setdefault(place, {})
        return near

    def _score(self, query: Query, entry: Entry, cosines: dict[int, float], similarity: float) -> Found:
        if query.key in entry.keys and query.key:
            return Found(1.0, entry, entry.keys.index(query.key))
        if not cosines:
            cosines = dict(zip(entry.rows, (self._stored(entry.rows) @ query.vector).tolist(), strict=True))
        nearest = max(cosines, key=lambda row: (cosines[row], -row))
        dense = (cosines[nearest] + float(entry.mean @ query.vector)) / 2
        score = self.mixture.score(dense, similarity, query.weight)
        return Found(score, entry, entry.rows.index(nearest))

    def _documents(self) -> tuple[LexicalIndex, list[Entry]]:
        """BM25 over one document for every answer and language, made anew after an edit."""
        if self._lexical is None:
            entries = [entry for many in self._entries.values() for entry in many]
            self._lexical = LexicalIndex(["\n".join(entry.wordings) for entry in entries]), entries
            self._owners = {row: place for place, entry in enumerate(entries) for row in entry.rows}
        return self._lexical

    def _stored(self, rows: Iterable[int]) -> Vectors:
        return np.asarray(self._faiss.reconstruct_batch(np.fromiter(rows, np.int64)), np.float32)

    def _list(self, answer: Answer, vectors: Vectors) -> None:
        """Enters an answer whose vectors have, or are about to have, the next rows."""
        variants = answer.variants()
        self._entries[answer.id] = tuple(
            make_entry(answer.id, language, variants, vectors, first=self._next)
            for language in dict.fromkeys(language for language, _ in variants)
        )
        self._answers[answer.id] = answer
        self._next += len(variants)
        self._lexical = None

    def _drop(self, answer_id: str) -> bool:
        if self._answers.pop(answer_id, None) is None:
            return False
        rows = [row for entry in self._entries.pop(answer_id) for row in entry.rows]
        if rows:
            self._faiss.remove_ids(np.asarray(rows, np.int64))
        self._lexical = None
        return True


def _approximate(vectors: Vectors) -> Any:
    """Inverted lists of 8-bit vectors: recall 0.971 at a million wordings, where exact search takes 68 ms."""
    lists = max(1, int(4 * np.sqrt(len(vectors))))
    index: Any = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(np.ascontiguousarray(vectors, np.float32))
    index.nprobe = min(16, lists)
    index.set_direct_map_type(_HASHTABLE)  # lets single rows be read and removed
    return index
