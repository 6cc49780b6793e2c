"""The table of recipes for intents, and what all have in common: knobs set by name, a search for better ones.

Knows names and functions; what a recipe does stands in its own file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from retrieval.gloss import FILE as GLOSS
from training.context import PartResult, TrainContext
from training.fast import FastRecipe, fit_fast, loss_of_fast
from training.intent_rows import IntentJob, Rows, encode_in_steps, rows_of, synonyms_of
from training.knobs import Choice, knobs, turned
from training.search import Range, search
from training.tuned import TunedRecipe, fit_tuned, loss_of_tuned
from training.tuning import TuneRecipe


@dataclass(frozen=True, slots=True)
class Recipe:
    """The `knobs` it begins with, how it fits the part, its loss on rows held out, and where to search."""

    knobs: Any
    fit: Callable[[IntentJob, Any], PartResult]
    loss: Callable[[IntentJob, Any], float]
    space: Mapping[str, Range]


_HEAD = {
    "head.linear": Range(3.0, 100.0, by_factors=True),
    "head.dropout": Range(0.2, 0.7),
    "head.smoothing": Range(0.0, 0.2),
    "head.prior": Range(0.0, 1.0),
}
_TUNE = {
    "tune.epochs": Range(2, 12),
    "tune.rate": Range(3e-5, 3e-4, by_factors=True),
    "tune.temperature": Range(0.04, 0.2, by_factors=True),
    "tune.distil": Range(0.3, 3.0, by_factors=True),
}
# Chosen on development rows: BANKING77's for many examples, its 10-shot and HWU64's 5-shot file for few.
_MANY = TunedRecipe(tune=TuneRecipe(epochs=4, rate=1e-4, contrast=0.3))
_FEW = TunedRecipe(
    tune=TuneRecipe(epochs=10, rate=1e-4, prototypes=0.0, adversary=1.0),
    beside_shared=False,
    names=True,
    folds=4,
)

RECIPES: dict[str, Recipe] = {
    "fast": Recipe(FastRecipe(), fit_fast, loss_of_fast, _HEAD),
    "accurate": Recipe(_MANY, fit_tuned, loss_of_tuned, _TUNE),
    "few-shot": Recipe(_FEW, fit_tuned, loss_of_tuned, _TUNE),
}


def train_intents(context: TrainContext) -> PartResult | None:
    """The `intents` part: head.safetensors, intents.json, examples.jsonl, and an encoder of its own where the
    recipe tunes one. None without labelled examples.
    """
    found = rows_of(context.corpus)
    if not found:
        return None
    texts, labels, groups = zip(*found, strict=True)
    vectors = encode_in_steps(context.encode, texts, lambda d, t: context.progress("encode intents", d, t))
    job = IntentJob(
        rows=Rows(texts, labels, vectors, groups),
        out=context.out,
        base=context.base,
        gloss=context.bundle / "encoder" / GLOSS,
        encode=context.encode,
        promises=context.corpus.promises,
        seed=context.seed,
        device=context.device,
        progress=context.progress,
        synonyms=synonyms_of(context.corpus),
    )
    return fit_intents(job, context.intents)


def fit_intents(job: IntentJob, choice: Choice) -> PartResult:
    """The part by the chosen recipe. Raises TrainingError for a knob it has not, TooLittleData."""
    recipe = RECIPES[choice.recipe]
    chosen = turned(recipe.knobs, choice.settings)
    if not choice.tries:
        return recipe.fit(job, chosen)
    quiet = replace(job, progress=lambda *_: None)
    found = search(
        {name: reach for name, reach in recipe.space.items() if name not in choice.settings},
        knobs(chosen),
        lambda settings: recipe.loss(quiet, turned(chosen, settings)),
        tries=choice.tries,
        seed=job.seed,
        progress=lambda done, total: job.progress("search knobs", done, total),
    )
    result = recipe.fit(job, turned(chosen, found.settings))
    told = {"tries": list(found.tries), "loss": found.loss, "loss_before": found.first_loss}
    return PartResult(recipe={**result.recipe, "search": told}, metrics=result.metrics)
