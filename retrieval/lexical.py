"""BM25 over short wordings, for words and for Chinese character n-grams.

Knows texts and row numbers only. Carries rare words, and Chinese, whose characters the encoder mostly lacks.
"""

import logging
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import bm25s
import numpy as np
from numpy.typing import NDArray

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[^\W\d_]")


def terms(text: str) -> list[str]:
    """The terms of a text: folded words, and single characters and pairs of Chinese runs."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        found.append(run) if not _CJK.match(run) else found.extend(_pieces(run))
    return found


def chinese_share(text: str) -> float:
    """The share of Chinese characters among the letters of a text, 0.0 to 1.0."""
    letters = len(_LETTER.findall(text))
    return len(_CJK.findall(text)) / letters if letters else 0.0


class LexicalIndex:
    """BM25 (Lucene's variant, k1 1.5, b 0.75) over a fixed list of texts. Immutable."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        documents = [terms(text) for text in texts]
        self._bm25 = bm25s.BM25(method="lucene")
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # creating one sets DEBUG, a line an edit
        if not any(documents):
            self._best: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
            self._vocabulary: dict[str, int] = {}
            return
        self._bm25.index(documents, show_progress=False)
        self._vocabulary = self._bm25.vocab_dict
        columns, starts = self._bm25.scores["data"], self._bm25.scores["indptr"]
        self._best = np.asarray(
            [columns[a:b].max(initial=0.0) for a, b in pairwise(starts)],
            dtype=np.float32,
        )

    def scores(self, query: str) -> NDArray[np.float32]:
        """BM25 of the query against every text, [n]."""
        known = [term for term in terms(query) if term in self._vocabulary]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)

    def similarities(self, query: str) -> NDArray[np.float32]:
        """BM25 as a share of the most that any text could score for this query, [n], 0 to 1.

        A term no text has counts as the rarest known one, so a query about something else stays near 0.
        """
        wanted = terms(query)
        if not wanted or not len(self._best):
            return np.zeros(self._count, dtype=np.float32)
        rarest = float(self._best.max())
        ceiling = sum(
            float(self._best[self._vocabulary[t]]) if t in self._vocabulary else rarest for t in wanted
        )
        return np.asarray(self.scores(query) / max(ceiling, 1e-9), dtype=np.float32)


def _pieces(run: str) -> list[str]:
    return [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
