"""Fits the model of several requests in one message, where labels join intents (`a+b`).

Knows vectors, texts and labels; nlu/requests.py serves it. Chosen on a fifth of CrossWOZ's validation
dialogues, held out.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlu.requests import RequestModel, parts_of
from training.intent_rows import FAQ, OOS_LABELS, Rows, folds
from training.threads import one_thread
from training.wide import weighed_features

STRENGTH = 1.0  # C of the support vector machines
FOLDS = 3  # whose margins the probabilities are fitted on


@one_thread()
def fit_requests(rows: Rows, *, seed: int) -> RequestModel | None:
    """One linear support vector machine an intent, and Platt's curve from margins of rows that a fit had not
    seen. None where no label joins intents, or every message makes the same requests.
    """
    names = sorted({part for label in rows.labels for part in parts_of(label)} - OOS_LABELS - {FAQ})
    if not any(len(parts_of(label)) > 1 for label in rows.labels):
        return None
    place = {name: i for i, name in enumerate(names)}
    truth = np.zeros((len(rows.texts), len(names)), dtype=np.bool_)
    for row, label in zip(truth, rows.labels, strict=True):
        row[[place[part] for part in parts_of(label) if part in place]] = True
    if truth.all():
        return None
    slope, offset = _platt(*_unseen(rows, truth, names, seed))
    return replace(_fit(rows, truth, names, seed), slope=slope, offset=offset)


def _fit(rows: Rows, truth: NDArray[np.bool_], names: Sequence[str], seed: int) -> RequestModel:
    wide, values = weighed_features(rows.texts, classes=len(names))
    matrix = hstack([values, csr_matrix(rows.vectors)], format="csr")
    weights = np.zeros((matrix.shape[1], len(names)), dtype=np.float32)
    bias = np.full(len(names), -1.0, dtype=np.float32)
    for i, column in enumerate(truth.T):
        if column.all() or not column.any():  # in a fold: an intent that every row has, or none
            bias[i] = 1.0 if column.all() else -1.0
            continue
        model = LinearSVC(C=STRENGTH, random_state=seed).fit(matrix, column)
        weights[:, i], bias[i] = model.coef_[0], model.intercept_[0]
    known = len(wide.features)
    return RequestModel(
        intents=tuple(names),
        linear=np.ascontiguousarray(weights[known:]),
        bias=bias,
        wide=replace(wide, weights=weights[:known].astype(np.float16)),
        slope=1.0,
        offset=0.0,
    )


def _unseen(
    rows: Rows, truth: NDArray[np.bool_], names: Sequence[str], seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Every row's margins by a model fitted without its fold, beside the truth; [rows, names] each."""
    fold = folds(np.unique(rows.labels, return_inverse=True)[1], FOLDS, seed)
    margins = np.zeros(truth.shape, dtype=np.float32)
    for number in range(FOLDS):
        seen, left = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = _fit(rows.at(seen), truth[seen], names, seed)
        margins[left] = model.margins(rows.vectors[left], [rows.texts[i] for i in left])
    return margins, truth


def _platt(margins: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of one logistic curve for all intents (Platt 1999): few rows have each."""
    model = LogisticRegression(C=1e3).fit(margins.reshape(-1, 1), truth.reshape(-1))
    return float(model.coef_[0, 0]), float(model.intercept_[0])
