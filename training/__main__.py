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
from training.errors import TrainingError
from training.evaluations import add_evaluations, add_recipe, choice_of
from training.gate import judge
from training.gate_evidence import Case
from training.parts import PARTS
from training.progress import ProgressLines
from training.train import DEFAULT_PARTS, Order, train


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
            intents=choice_of(chosen),
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
    add_recipe(verb, _train)
    add_evaluations(verbs)
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


if __name__ == "__main__":
    # Told to end, it leaves as from any error: an unfinished bundle is removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
