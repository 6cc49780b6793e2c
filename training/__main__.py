"""`python -m training VERB`: progress as JSON lines, then one line with the result or the error.

Knows arguments and exit codes; `frontdesk` runs this as a child, so that serving never imports torch.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# onnxruntime reports to its maker unless this is set when it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import torch
from transformers.utils import logging as hub_logging

from nlu.errors import NluError
from retrieval.errors import RetrievalError
from training.base import DEFAULT
from training.errors import TrainingError
from training.evaluate_answers import evaluate_answers
from training.evaluate_intents import evaluate_intents
from training.evaluate_sentiment import evaluate_sentiment
from training.gate import judge
from training.gate_evidence import Case
from training.parts import PARTS, RECIPES
from training.progress import ProgressLines
from training.train import DEFAULT_PARTS, Order, resolve_device, train


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb and returns 0, or 1 after an `error` line; argparse exits 2 on wrong usage."""
    chosen = _parser().parse_args(arguments)
    lines = ProgressLines(sys.stdout)
    # Two threads beside a busy process collapse to a fraction of one; training shares its machine.
    torch.set_num_threads(1)
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    hub_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # likewise
    verb: Callable[[argparse.Namespace, ProgressLines], dict[str, Any]] = chosen.run
    try:
        lines.result(verb(chosen, lines))
    except (TrainingError, NluError, RetrievalError, OSError) as error:
        lines.error(str(error))
        return 1
    return 0


def _train(chosen: argparse.Namespace, lines: ProgressLines) -> dict[str, Any]:
    bundle = train(
        Order(
            corpus=chosen.corpus,
            bundles=chosen.bundles,
            base=chosen.base,
            recipe=chosen.recipe,
            parts=tuple(part.strip() for part in chosen.parts.split(",") if part.strip()),
            device=chosen.device,
            seed=chosen.seed,
            start_from=chosen.start_from,
            response_base=chosen.response_base,
        ),
        lines,
    )
    return {
        "bundle": bundle.id,
        "folder": str(bundle.folder),
        "parts": list(bundle.parts),
        "metrics": dict(bundle.details.metrics),
    }


def _evaluate_intents(chosen: argparse.Namespace, lines: ProgressLines) -> dict[str, Any]:
    return evaluate_intents(
        recipe=chosen.recipe,
        train=chosen.train,
        test=chosen.test,
        oos_train=chosen.oos_train,
        oos_test=chosen.oos_test,
        base=chosen.base,
        seed=chosen.seed,
        device=resolve_device(chosen.device),
        report=chosen.report,
        progress=lines,
    )


def _evaluate_answers(chosen: argparse.Namespace, lines: ProgressLines) -> dict[str, Any]:
    return evaluate_answers(answers=chosen.answers, queries=chosen.queries, base=chosen.base, progress=lines)


def _evaluate_sentiment(chosen: argparse.Namespace, lines: ProgressLines) -> dict[str, Any]:
    return evaluate_sentiment(
        test=chosen.test, train=chosen.train, base=chosen.base, seed=chosen.seed, progress=lines
    )


def _gate(chosen: argparse.Namespace, lines: ProgressLines) -> dict[str, Any]:
    case = Case(
        gold=chosen.gold,
        reviewed=chosen.reviewed,
        emergencies=chosen.emergencies,
        candidate=chosen.candidate,
        champion=chosen.champion,
        candidate_tests=chosen.tests[0],
        champion_tests=chosen.tests[1] if len(chosen.tests) > 1 else None,
        seed=chosen.seed,
    )
    return judge(case, chosen.out, lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Make and measure model bundles.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser("train", help="make a bundle out of a corpus folder")
    verb.add_argument("--corpus", type=Path, required=True, help="the folder with corpus.json")
    verb.add_argument("--bundles", type=Path, required=True, help="the registry the bundle goes into")
    verb.add_argument("--parts", default=",".join(DEFAULT_PARTS), help=f"of {','.join(PARTS)}")
    verb.add_argument("--response-base", metavar="NAME", help="causal model the response model starts from")
    verb.add_argument("--from", dest="start_from", metavar="ID", help="keep this bundle's other parts")
    _common(verb, _train)
    verb = verbs.add_parser("evaluate-intents", help="train on one CSV (text,label), measure on another")
    verb.add_argument("--train", type=Path, required=True)
    verb.add_argument("--test", type=Path, required=True)
    verb.add_argument("--oos-train", type=Path, help="out-of-scope rows to train on")
    verb.add_argument("--oos-test", type=Path, help="out-of-scope rows to refuse")
    verb.add_argument("--report", type=Path, metavar="DIR", help="where a page with charts shall go")
    _common(verb, _evaluate_intents)
    verb = verbs.add_parser(
        "evaluate-answers", help="search answers (id,question,answer) for queries (text,id)"
    )
    verb.add_argument("--answers", type=Path, required=True)
    verb.add_argument("--queries", type=Path, required=True)
    verb.add_argument("--base", default=DEFAULT, help="base model: a folder or a hub name")
    verb.set_defaults(run=_evaluate_answers)
    verb = verbs.add_parser("evaluate-sentiment", help="measure moods on a CSV (text,label)")
    verb.add_argument("--test", type=Path, required=True)
    verb.add_argument("--train", type=Path, help="rows to learn from besides, as data/sentiment.csv")
    verb.add_argument("--base", default=DEFAULT, help="base model: a folder or a hub name")
    verb.add_argument("--seed", type=int, default=0)
    verb.set_defaults(run=_evaluate_sentiment)
    verb = verbs.add_parser("gate", help="judge a candidate bundle; a report, passed or not")
    verb.add_argument("--gold", type=Path, required=True, help="frozen rows: gold.jsonl of the corpus")
    verb.add_argument("--candidate", type=Path, required=True, metavar="DIR")
    verb.add_argument("--champion", type=Path, metavar="DIR", help="without one, absolute floors hold")
    tests = "JSON of `frontdesk test`: candidate's, champion's"
    verb.add_argument("--tests", type=Path, nargs="+", required=True, help=tests)
    verb.add_argument("--reviewed", type=Path, required=True, help="reviewed messages, as gold.jsonl")
    verb.add_argument("--emergencies", type=Path, required=True, help="JSON: {sentences, missed}")
    verb.add_argument("--out", type=Path, required=True, metavar="FILE", help="the report, as JSON")
    verb.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    verb.set_defaults(run=_gate)
    return parser


def _common(verb: argparse.ArgumentParser, run: Callable[..., dict[str, Any]]) -> None:
    verb.add_argument("--recipe", choices=sorted(RECIPES), default="fast")
    verb.add_argument("--base", default=DEFAULT, help="base model: a folder or a hub name")
    verb.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    verb.add_argument("--seed", type=int, default=0)
    verb.set_defaults(run=run)


if __name__ == "__main__":
    # Told to end, it leaves as from any error: an unfinished bundle is removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
