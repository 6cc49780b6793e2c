"""Tries the exported response model on held-out exchanges, as a server runs it, to decide what it may do.

Knows retrieval, the generator and verification together. Does not know how the model was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nlu.generator import Generator, Settings
from nlu.prompt import Dialogue
from retrieval.entries import Mixture
from retrieval.index import SETTINGS as INDEX_SETTINGS
from retrieval.index import AnswerIndex
from retrieval.verification import verify
from training.context import TrainContext
from training.respond_data import Exchange
from training.respond_exchanges import openers_of, text_of
from training.respond_measure import Case, bootstrap_lower, fit_choosing
from training.respond_metrics import chrf, mean

CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """How many held-out exchanges are tried: the cost is some 50 ms a choice and 150 ms a wording."""

    choices: int = 400
    wordings: int = 80


def measure(
    context: TrainContext,
    trial: Trial,
    settings: Settings,
    train: Sequence[Exchange],
    held: Sequence[Exchange],
) -> tuple[Settings, dict[str, Any]]:
    """Run the model exported to `context.out`; returns the settings it has earned, and the figures."""
    generator = Generator.load(context.out)
    chance = np.random.default_rng(context.seed)
    chosen = [held[i] for i in sorted(chance.permutation(len(held))[: trial.choices])]
    context.progress("measuring choices", 0, len(chosen))
    choosing, choices = fit_choosing(_cases(context, generator, train, chosen), seed=context.seed)
    worded = [exchange for exchange in held if exchange.said is not None][: trial.wordings]
    context.progress("measuring wordings", 0, len(worded))
    ways = {"openers": openers_of(train), "free": {}}
    wordings = {
        way: _measure_wording(
            Generator(generator.model, replace(settings, openers=openers)), worded, seed=context.seed
        )
        for way, openers in ways.items()
        if openers or way == "free"
    }
    best = max(wordings, key=lambda way: float(wordings[way]["chrf_gain_lower_95"]))
    reword = float(wordings[best]["chrf_gain_lower_95"]) > 0.0
    figures = {"choose": choosing.use, "reword": reword, "choices": choices, "wordings": wordings}
    return replace(settings, choosing=choosing, reword=reword, openers=ways[best]), figures


def _cases(
    context: TrainContext, generator: Generator, train: Sequence[Exchange], held: Sequence[Exchange]
) -> list[Case]:
    """Each held-out exchange with what retrieval finds for the customer's last line in training wordings."""
    index = _index(context, train)
    queries = [exchange.dialogue.lines[-1].text for exchange in held]
    found = index.search(context.encode(queries), queries, top=CANDIDATES)
    answers = {answer.id: answer for answer in context.corpus.answers}
    priors: dict[tuple[str, str], float] = {}
    cases = []
    for exchange, hits in zip(held, found, strict=True):
        language = exchange.dialogue.language
        texts = [text_of(answers, hit.answer_id, language) or hit.variant for hit in hits]
        for text in texts:
            if (language, text) not in priors:
                priors[language, text] = generator.likelihoods(Dialogue((), language), [text])[0]
        case = Case(
            retrieval=np.array([hit.score for hit in hits]),
            given=np.array(generator.likelihoods(exchange.dialogue, texts)),
            prior=np.array([priors[language, text] for text in texts]),
            gain=np.array([float(hit.answer_id == exchange.answer_id) for hit in hits]),
        )
        if hits:
            cases.append(case)
    return cases


def _index(context: TrainContext, train: Sequence[Exchange]) -> AnswerIndex:
    """Retrieval as it would be had nobody thought of the held-out wordings."""
    seen = {exchange.dialogue.lines[-1].text for exchange in train}
    answers = [
        replace(
            answer,
            questions={
                language: tuple(question for question in questions if question in seen)
                for language, questions in answer.questions.items()
            },
        )
        for answer in context.corpus.answers
    ]
    wordings = [wording for answer in answers for _, wording in answer.variants()]
    built = context.bundle / "answers"
    mixture = AnswerIndex.load(built).mixture if (built / INDEX_SETTINGS).is_file() else Mixture()
    return AnswerIndex.build(answers, context.encode(wordings), mixture=mixture)


def _measure_wording(generator: Generator, held: Sequence[Exchange], *, seed: int) -> dict[str, Any]:
    """Whether verified wordings come nearer to what agents said than the stored answers themselves (chrF)."""
    kept, changed, differences = 0, 0, []
    for exchange in held:
        text = generator.reword(exchange.dialogue, exchange.answer, seconds=60.0)
        holds = text is not None and not verify(text, [exchange.answer])
        sent = text if text is not None and holds else exchange.answer
        kept += holds
        changed += sent != exchange.answer
        said = exchange.said or ""
        differences.append(chrf(sent, said) - chrf(exchange.answer, said))
    return {
        "n": len(held),
        "facts_kept": round(kept / max(len(held), 1), 4),
        "reworded": round(changed / max(len(held), 1), 4),
        "chrf_gain": round(mean(differences), 4),
        "chrf_gain_lower_95": round(bootstrap_lower(differences, seed=seed), 4),
    }
