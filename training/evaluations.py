"""The verbs of `python -m training` that measure: what each is given, and what it calls.

Knows arguments; the figures are made elsewhere, one file a verb.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from training.base import DEFAULT
from training.evaluate_answers import evaluate_answers
from training.evaluate_classifier import evaluate_classifier
from training.evaluate_entities import evaluate_entities
from training.evaluate_intents import Means, evaluate_intents
from training.evaluate_pairs import evaluate_pairs
from training.evaluate_sentiment import evaluate_sentiment
from training.knobs import Choice, read_settings
from training.progress import ProgressLines
from training.recipes import RECIPES
from training.train import resolve_device

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace, ProgressLines], dict[str, Any]]


def add_evaluations(verbs: Verbs) -> None:
    """Every `evaluate-…`."""
    for add in (_intents, _answers, _pairs, _classifier, _entities, _sentiment):
        add(verbs)


def add_recipe(verb: argparse.ArgumentParser, run: Run) -> None:
    """What every verb that trains by a recipe is given."""
    verb.add_argument("--recipe", choices=sorted(RECIPES), default="fast")
    verb.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", dest="settings")
    verb.add_argument("--tune", type=int, default=0, metavar="N", help="tries to find better knobs in")
    add_base(verb)
    verb.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    verb.add_argument("--seed", type=int, default=0)
    verb.set_defaults(run=run)


def choice_of(chosen: argparse.Namespace) -> Choice:
    """How the intent part is to be made. Raises TrainingError."""
    return Choice(chosen.recipe, read_settings(chosen.settings), chosen.tune)


def means_of(chosen: argparse.Namespace) -> Means:
    """What a classifier of texts is to be made with. Raises TrainingError."""
    return Means(choice_of(chosen), chosen.base, chosen.seed, resolve_device(chosen.device))


def add_base(verb: argparse.ArgumentParser) -> None:
    """The encoder to start from."""
    verb.add_argument("--base", default=DEFAULT, help="base model: a folder or a hub name")


def _intents(verbs: Verbs) -> None:
    verb = verbs.add_parser("evaluate-intents", help="train on one CSV (text,label), measure on another")
    verb.add_argument("--train", type=Path, required=True)
    verb.add_argument("--test", type=Path, required=True)
    verb.add_argument("--oos-train", type=Path, help="out-of-scope rows to train on")
    verb.add_argument("--oos-test", type=Path, help="out-of-scope rows to refuse")
    verb.add_argument("--report", type=Path, metavar="DIR", help="where a page with charts shall go")
    add_recipe(
        verb,
        lambda chosen, lines: evaluate_intents(
            means=means_of(chosen),
            train=chosen.train,
            test=chosen.test,
            oos_train=chosen.oos_train,
            oos_test=chosen.oos_test,
            report=chosen.report,
            progress=lines,
        ),
    )


def _answers(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "evaluate-answers", help="search answers (id,question,answer) for queries (text,id)"
    )
    verb.add_argument("--answers", type=Path, required=True)
    verb.add_argument("--queries", type=Path, required=True)
    add_base(verb)
    verb.set_defaults(
        run=lambda chosen, lines: evaluate_answers(
            answers=chosen.answers, queries=chosen.queries, base=chosen.base, progress=lines
        )
    )


def _pairs(verbs: Verbs) -> None:
    verb = verbs.add_parser("evaluate-pairs", help="compare pairs (question_1,question_2,similar)")
    verb.add_argument("--test", type=Path, required=True)
    add_base(verb)
    verb.set_defaults(
        run=lambda chosen, lines: evaluate_pairs(test=chosen.test, base=chosen.base, progress=lines)
    )


def _classifier(verbs: Verbs) -> None:
    verb = verbs.add_parser("evaluate-classifier", help="train on any CSV, predict a column of another")
    verb.add_argument("--kind", choices=("text", "tabular"), required=True)
    verb.add_argument("--train", type=Path, required=True)
    verb.add_argument("--test", type=Path, required=True)
    verb.add_argument("--target", required=True, metavar="COLUMN", help="what to predict")
    verb.add_argument("--text", metavar="COLUMN", help="what to read, for --kind text")
    verb.add_argument("--ignore", metavar="COLUMN", action="append", default=[])
    add_recipe(
        verb,
        lambda chosen, lines: evaluate_classifier(
            kind=chosen.kind,
            train=chosen.train,
            test=chosen.test,
            target=chosen.target,
            text=chosen.text,
            ignore=chosen.ignore,
            means=means_of(chosen),
            progress=lines,
        ),
    )


def _entities(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "evaluate-entities", help="learn from one file of marked texts, measure on another"
    )
    verb.add_argument("--train", type=Path, required=True, help="JSON lines: {text, entities}")
    verb.add_argument("--test", type=Path, required=True)
    add_base(verb)
    verb.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    verb.add_argument("--seed", type=int, default=0)
    verb.set_defaults(
        run=lambda chosen, lines: evaluate_entities(
            train=chosen.train,
            test=chosen.test,
            base=chosen.base,
            seed=chosen.seed,
            device=resolve_device(chosen.device),
            progress=lines,
        )
    )


def _sentiment(verbs: Verbs) -> None:
    verb = verbs.add_parser("evaluate-sentiment", help="measure moods on a CSV (text,label)")
    verb.add_argument("--test", type=Path, required=True)
    verb.add_argument("--train", type=Path, help="rows to learn from besides, as data/sentiment.csv")
    add_base(verb)
    verb.add_argument("--seed", type=int, default=0)
    verb.set_defaults(
        run=lambda chosen, lines: evaluate_sentiment(
            test=chosen.test, train=chosen.train, base=chosen.base, seed=chosen.seed, progress=lines
        )
    )
