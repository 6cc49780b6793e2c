"""Fits the sentiment part on sentences of our own making and, where a project has them, on its labelled rows.

Knows the fit and what it is measured with; the sentences are training/sentiment_table.py's. Chosen on the
validation rows of public sets that are never trained on: two models instead of one over four labels, a strong
ridge, no lexicon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from nlu.ngrams import buckets
from nlu.sentiment import FACES, POLARITIES, Feeling, SentimentModel, signs
from training.context import PartResult, TrainContext
from training.intent_rows import encode_in_steps
from training.sentiment_scores import score_feelings
from training.sentiment_table import Sentence, make_sentences
from training.threads import one_thread

BUCKETS = 4096
VECTOR_SCALE, NGRAM_SCALE = 2.0, 1.5
POLARITY_STRENGTH, ANGER_STRENGTH = 0.3, 0.3  # C of the logistic regressions
FOLDS = 3

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Taught:
    """Sentences with the encoder's vector of each, [n, dim]."""

    sentences: Sequence[Sentence]
    vectors: Array

    def only(self, chosen: NDArray[np.bool_]) -> "Taught":
        """Those that are chosen, [n]."""
        kept = [sentence for sentence, keep in zip(self.sentences, chosen, strict=True) if keep]
        return Taught(kept, self.vectors[chosen])

    @property
    def texts(self) -> list[str]:
        return [sentence.text for sentence in self.sentences]

    @property
    def labels(self) -> list[str]:
        return [sentence.label for sentence in self.sentences]


def train_sentiment(context: TrainContext) -> PartResult:
    """Writes `sentiment.safetensors` and `sentiment.json`; measured on rows of the table, and of the
    project's own, that a fit had not seen.
    """
    made = make_sentences(context.corpus.languages, seed=context.seed)
    own = own_sentences(context.corpus.sentiment)
    sentences = [*made, *own]
    vectors = encode_in_steps(
        context.encode,
        [sentence.text for sentence in sentences],
        lambda done, total: context.progress("sentiment: encode", done, total),
    )
    taught = Taught(sentences, vectors)
    held = _held_out(taught, context)
    fit_sentiment(taught).save(context.out)
    context.progress("sentiment: fit", FOLDS + 1, FOLDS + 1)
    recipe = {
        "model": "two logistic regressions",
        "data": "sentences of our own making",
        "rows": len(made),
        "own_rows": len(own),
        "buckets": BUCKETS,
        "scales": [VECTOR_SCALE, NGRAM_SCALE],
        "strengths": [POLARITY_STRENGTH, ANGER_STRENGTH],
        "seed": context.seed,
    }
    return PartResult(recipe=recipe, metrics=held)


def own_sentences(rows: Sequence[tuple[str, str]]) -> list[Sentence]:
    """A project's (text, label) rows as sentences, each apart from every row of the table. Where none is
    labelled angry, its negative ones may be angry too, and teach nothing of anger.
    """
    tells = any(label == "angry" for _, label in rows)
    return [
        Sentence(text, label, "", (-1 - number,), tells_anger=tells)
        for number, (text, label) in enumerate(rows)
    ]


@one_thread()
def fit_sentiment(taught: Taught) -> SentimentModel:
    """Two ridge-penalised logistic regressions: of the polarity, the three weighing alike; and of anger, on
    the negative and angry ones alone.
    """
    labels = np.asarray(taught.labels)
    polarity = np.where(labels == "angry", "negative", labels)
    weights = np.asarray([sentence.weight for sentence in taught.sentences])
    for name in POLARITIES:
        own = polarity == name
        weights[own] *= len(labels) / len(POLARITIES) / weights[own].sum()
    rows = _matrix(taught)
    faces = rows[:, : rows.shape[1] - len(signs("")) + FACES]
    judged = np.asarray([sentence.tells_anger for sentence in taught.sentences]) & (polarity == "negative")
    anger_weights = weights[judged] / weights[judged].mean()
    return _served(
        _logistic(faces, polarity, weights, POLARITY_STRENGTH),
        _logistic(rows[judged], labels[judged] == "angry", anger_weights, ANGER_STRENGTH),
        dim=taught.vectors.shape[1],
    )


def _matrix(taught: Taught) -> sparse.csr_matrix:
    """[n, dim + buckets + signs]."""
    bags = [buckets(text, size=BUCKETS) for text in taught.texts]
    sizes = [len(bag) for bag in bags]
    values = np.repeat([NGRAM_SCALE / np.sqrt(max(1, size)) for size in sizes], sizes)
    places = np.repeat(np.arange(len(bags)), sizes), [bucket for bag in bags for bucket in bag]
    hashed = sparse.csr_matrix((values, places), shape=(len(bags), BUCKETS), dtype=np.float32)
    seen = np.asarray([signs(text) for text in taught.texts], dtype=np.float32)
    return sparse.hstack([taught.vectors * VECTOR_SCALE, hashed, seen], format="csr", dtype=np.float32)


def _logistic(
    rows: sparse.csr_matrix, labels: NDArray[Any], weights: NDArray[np.float64], strength: float
) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=500).fit(rows, labels, sample_weight=weights)


def _served(polarity: LogisticRegression, anger: LogisticRegression, *, dim: int) -> SentimentModel:
    """Both models in one; the scales of the inputs go into the weights."""
    weights = np.zeros((anger.coef_.shape[1], len(POLARITIES) + 1), dtype=np.float32)
    weights[: polarity.coef_.shape[1], :-1] = polarity.coef_.T
    weights[:, -1] = anger.coef_[0]
    return SentimentModel(
        vector=weights[:dim] * np.float32(VECTOR_SCALE),
        ngrams=weights[dim : dim + BUCKETS] * np.float32(NGRAM_SCALE),
        signs=weights[dim + BUCKETS :],
        bias=np.concatenate([polarity.intercept_, anger.intercept_]).astype(np.float32),
    )


def _held_out(taught: Taught, context: TrainContext) -> dict[str, Any]:
    """The figures of each language's plain sentences, and of the project's own, read by a model that knows
    neither them nor anything made of their row of the table.
    """
    folds = [frozenset(row % FOLDS for row in sentence.rows) for sentence in taught.sentences]
    plain = [sentence.plain for sentence in taught.sentences]
    found: dict[str, list[tuple[str, Feeling]]] = {}
    for fold in range(FOLDS):
        context.progress("sentiment: fit", fold, FOLDS + 1)
        model = fit_sentiment(taught.only(np.asarray([fold not in own for own in folds])))
        left = taught.only(np.asarray([own == {fold} for own in folds]) & np.asarray(plain))
        for sentence, feeling in zip(left.sentences, model.read(left.vectors, left.texts), strict=True):
            found.setdefault(sentence.language or "own", []).append((sentence.label, feeling))
    return {
        name: score_feelings([feeling for _, feeling in rows], [label for label, _ in rows])
        for name, rows in sorted(found.items())
    }
