"""Makes one bundle out of a corpus: finds the base, exports the encoder, trains the parts asked for.

Knows the order of work and what goes on record; each part knows its own model.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from json import dumps
from pathlib import Path
from typing import Any

import torch

from nlu.artifacts import Bundle, BundleDetails, BundleWriter, find, verify
from retrieval.encoder import Encoder
from training.base import find_base
from training.context import PartResult, PartTrainer, Progress, TrainContext
from training.corpus import Corpus, read_corpus
from training.errors import TrainingError
from training.export import export_encoder, load_sentence_model
from training.knobs import Choice
from training.parts import ON_ENCODER, PARTS

DEFAULT_PARTS = ("intents", "entities", "answers", "sentiment", "stories")


@dataclass(frozen=True, slots=True)
class Order:
    """What to train. `start_from` is the id of a bundle whose other parts are kept; `response_base` a causal
    model to start the response model from (None: from scratch)."""

    corpus: Path
    bundles: Path
    base: str
    intents: Choice = field(default_factory=Choice)
    parts: Sequence[str] = DEFAULT_PARTS
    device: str = "auto"
    seed: int = 0
    start_from: str | None = None
    response_base: str | None = None


def train(order: Order, progress: Progress) -> Bundle:
    """Trains and finishes a bundle; leaves nothing behind when it fails. Raises TrainingError and its kin."""
    started, unknown = time.monotonic(), [part for part in order.parts if part not in PARTS]
    if unknown:
        raise TrainingError(f"There is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}.")
    corpus, device = read_corpus(order.corpus), resolve_device(order.device)
    base = find_base(order.base)
    earlier = verify(find(order.bundles, order.start_from).folder) if order.start_from else None
    replaced = _replaced(order, earlier)
    writer = BundleWriter(order.bundles, base=earlier, replace=replaced)
    try:
        run = _Run(order, corpus, device, base, writer, progress)
        results = {part: run.make(part, PARTS[part]) for part in PARTS if part in order.parts}
        return writer.finish(
            _details(order, corpus, earlier, results, time.monotonic() - started, writer.folder)
        )
    except BaseException:
        writer.discard()
        raise


def resolve_device(name: str) -> str:
    """ "cpu" or "cuda"; auto takes the GPU if there is one. Raises TrainingError when asked in vain."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("No CUDA device is usable here; use --device cpu, or install a torch with CUDA.")
    return name


@dataclass(frozen=True)
class _Run:
    order: Order
    corpus: Corpus
    device: str
    base: Path
    writer: BundleWriter
    progress: Progress

    @cached_property
    def encoder(self) -> Encoder:
        """The served encoder: from the earlier bundle, or exported now. One that gives no token vectors is
        exported anew: of the same base it gives the same sentence vectors, so the parts on it still stand.
        """
        folder = self.writer.folder / "encoder"
        if not folder.is_dir() or not Encoder.load(folder).gives_tokens:
            self.progress("export encoder", 0, 1)
            export_encoder(
                load_sentence_model(self.base),
                self.base,
                self.writer.part("encoder"),
                name=self.order.base,
                chinese="zh" in self.corpus.languages,
            )
            self.progress("export encoder", 1, 1)
        return Encoder.load(folder)

    def make(self, part: str, trainer: PartTrainer) -> PartResult | None:
        """Trains one part into its folder; a part with nothing in it leaves no folder."""
        encoder = self.encoder
        context = TrainContext(
            corpus=self.corpus,
            out=self.writer.part(part),
            bundle=self.writer.folder,
            encode=encoder.encode,
            encode_tokens=encoder.encode_tokens,
            seed=self.order.seed,
            device=self.device,
            intents=self.order.intents,
            base=self.base,
            progress=self.progress,
            response_base=self.order.response_base,
        )
        result = trainer(context)
        if result is None:
            self.writer.drop(part)
        return result


def _replaced(order: Order, earlier: Bundle | None) -> tuple[str, ...]:
    """The parts of the earlier bundle that do not stay; with another base the encoder goes too."""
    if earlier is None or earlier.details.base == order.base:
        return tuple(order.parts)
    stranded = [part for part in ON_ENCODER if part in earlier.parts and part not in order.parts]
    if stranded:
        raise TrainingError(
            f"{earlier.id} stands on {earlier.details.base}, not {order.base}: its {', '.join(stranded)} "
            f"would not fit. Train {', '.join(ON_ENCODER)} anew as well, or keep the base."
        )
    return (*order.parts, "encoder")


def _intent_recipe(order: Order, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """How the intents were learnt: as ordered, or in the earlier bundle they are of."""
    if kept is not None:
        return {"name": kept.get("name"), "knobs": dict(kept.get("knobs", {}))}
    return {"name": order.intents.recipe, "knobs": dict(order.intents.settings)}


def _details(
    order: Order,
    corpus: Corpus,
    earlier: Bundle | None,
    results: Mapping[str, PartResult | None],
    seconds: float,
    folder: Path,
) -> BundleDetails:
    kept = earlier.details if earlier else None
    knobs: dict[str, Any] = dict(kept.recipe.get("parts", {})) if kept else {}
    metrics: dict[str, Any] = dict(kept.metrics.get("parts", {})) if kept else {}
    for part, result in results.items():
        knobs.pop(part, None)
        metrics.pop(part, None)
        if result is not None:
            knobs[part], metrics[part] = dict(result.recipe), dict(result.metrics)
    # A part that was kept learnt from the earlier data, and with it the bundle is not one of this data.
    keeps = earlier is not None and not set(earlier.parts) <= {"encoder", *results}
    data = kept.data_sha256 if kept and keeps else corpus.sha256
    report = {"data_sha256": data, "parts": metrics}
    (folder / "report.json").unlink(missing_ok=True)
    (folder / "report.json").write_text(dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return BundleDetails(
        languages=corpus.languages,
        base=order.base,
        data_sha256=data,
        recipe={
            **_intent_recipe(order, kept.recipe if kept and "intents" not in results else None),
            "seed": order.seed,
            "device": order.device,
            "trained": sorted(results),
            "from": order.start_from,
            "parts": knobs,
        },
        metrics={"parts": metrics, "train_seconds": round(seconds, 1)},
    )
