"""The `answers` part: every wording of every answer template as a vector in the index.

Knows the corpus's answers and the served encoder; search itself is retrieval's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.answers import Answer
from retrieval.entries import Mixture
from retrieval.index import AnswerIndex
from training.context import PartResult, TrainContext
from training.intent_rows import OOS_LABELS, Vectors, encode_in_steps
from training.scoring import ranking

RIGHT_OF_ACCEPTED = 0.95
LEAST_QUERIES = 20
MOST_QUERIES = 1_000
FOLDS = 4
_DEPTH = 10


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Stored questions searched for without their own row: rank of the answer, best score, language."""

    ranks: tuple[int | None, ...]
    scores: tuple[float, ...]
    languages: tuple[str, ...]


def train_answers(context: TrainContext) -> PartResult | None:
    """Writes index.faiss, answers.jsonl and index.json. None when the corpus has no answers."""
    answers = context.corpus.answers
    if not answers:
        return None
    wordings = [wording for answer in answers for _, wording in answer.variants()]
    vectors = encode_in_steps(
        context.encode, wordings, lambda done, total: context.progress("encode answers", done, total)
    )
    strays = [e.text for e in context.corpus.examples if e.intent in OOS_LABELS]
    stray_hits = AnswerIndex.build(answers, vectors).search(context.encode(strays), strays, top=1)
    mixture, metrics = choose_acceptance(
        left_out(answers, vectors, seed=context.seed),
        np.asarray([hits[0].score if hits else 0.0 for hits in stray_hits], dtype=np.float64),
    )
    AnswerIndex.build(answers, vectors, mixture=mixture).save(context.out)
    context.progress("index answers", 1, 1)
    return PartResult(
        recipe=asdict(mixture),
        metrics={"answers": len(answers), "wordings": len(wordings), **metrics},
    )


def left_out(answers: Sequence[Answer], vectors: Vectors, *, seed: int) -> LeftOut:
    """A quarter of the questions at a time is taken out and searched for; 1,000 in all at most."""
    ranks: list[int | None] = []
    scores, languages = [], []
    for fold in range(FOLDS):
        kept, rows, asked = _without(answers, fold)
        drawn = np.random.default_rng(seed).permutation(len(asked))[: MOST_QUERIES // FOLDS].tolist()
        chosen = [asked[i] for i in sorted(drawn)]
        index = AnswerIndex.build(kept, vectors[rows])
        found = index.search(
            vectors[[row for row, *_ in chosen]], [text for _, text, _, _ in chosen], top=_DEPTH
        )
        for (_, _, language, owner), hits in zip(chosen, found, strict=True):
            order = [hit.answer_id for hit in hits]
            ranks.append(order.index(owner) + 1 if owner in order else None)
            scores.append(hits[0].score if hits else 0.0)
            languages.append(language)
    return LeftOut(tuple(ranks), tuple(scores), tuple(languages))


def _without(
    answers: Sequence[Answer], fold: int
) -> tuple[list[Answer], list[int], list[tuple[int, str, str, str]]]:
    """The answers without a fold of their questions, the rows that stay, (row, text, language, id) of others.

    An answer's only wording in a language stays: without it there would be nothing to find.
    """
    kept, rows, asked, row = [], [], [], 0
    for answer in answers:
        questions: dict[str, tuple[str, ...]] = {}
        for language, many in answer.questions.items():
            alone = len(many) < 2 and not answer.text.get(language)
            staying = []
            for place, question in enumerate(q for q in many if q.strip()):
                if place % FOLDS == fold and not alone:
                    asked.append((row, question, language, answer.id))
                else:
                    staying.append(question)
                    rows.append(row)
                row += 1
            questions[language] = tuple(staying)
        texts = sum(1 for text in answer.text.values() if text.strip())
        rows.extend(range(row, row + texts))
        row += texts
        kept.append(replace(answer, questions=questions))
    return kept, rows, asked


def choose_acceptance(
    held: LeftOut, strays: NDArray[np.float64], mixture: Mixture | None = None
) -> tuple[Mixture, Mapping[str, object]]:
    """The lowest score from which 95 % of what is accepted is right, strays being wrong; 1.0 unknown."""
    mixture = mixture or Mixture()
    if len(held.ranks) < LEAST_QUERIES:
        return mixture, {"held_out_queries": len(held.ranks)}
    right = np.concatenate([[rank == 1 for rank in held.ranks], np.zeros(len(strays), dtype=bool)])
    scores = np.concatenate([held.scores, strays])
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(share >= RIGHT_OF_ACCEPTED)
    accept = float(scores[order][within[-1]]) if len(within) else 1.0
    metrics: dict[str, object] = {
        "held_out_queries": len(held.ranks),
        "accepted": round(float((np.asarray(held.scores) >= accept).mean()), 4),
        "strays_accepted": round(float((strays >= accept).mean()), 4) if len(strays) else None,
    }
    for language in sorted(set(held.languages)):
        ranks = [r for r, spoken in zip(held.ranks, held.languages, strict=True) if spoken == language]
        metrics[language] = {name: round(value, 4) for name, value in ranking(ranks).items()}
    return replace(mixture, accept=accept), metrics
