"""Trains the response model: a compact GPT that chooses among stored answers and words one, and never more.

A recipe, read top to bottom: exchanges, split, tokenizer, training, export, and the held-out figures that
decide what the served model may do. Does not know how a bundle is kept or who asks for it.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from nlu import prompt
from nlu.generator import Choosing, Settings
from training.context import PartResult, TrainContext
from training.respond_data import (
    Exchange,
    SampleMaker,
    add_prompt_tokens,
    fit_tokenizer,
    hold_out,
    token_id,
)
from training.respond_exchanges import exchanges_of
from training.respond_export import export_graph, graph_of, write_settings
from training.respond_model import Schedule, Shape, Step, Trainer, build_compact, load_base, merged
from training.respond_trial import Trial, measure

LEAST_EXCHANGES = 40
_UNDECIDED = Choosing(use=False, weight=0.0, prior=1.0, margin=0.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every knob. `base` names a Hugging Face causal model to start from in place of `shape`."""

    base: str | None = None
    shape: Shape = field(default_factory=Shape)
    schedule: Schedule = field(default_factory=Schedule)
    trial: Trial = field(default_factory=Trial)
    held_out: float = 0.2
    prior_share: float = 0.1
    wording_share: float = 0.15


def recipe_for(base: str | None) -> Recipe:
    """The recipe of the compact model, or of another base: gentler, shorter, and its words learnt already."""
    if base is None:
        return Recipe()
    return Recipe(base=base, schedule=Schedule(train_tokens=300_000, learning_rate=2e-4, weight_decay=0.01))


def train_responses(
    context: TrainContext, *, recipe: Recipe | None = None, checkpoint: Path | None = None
) -> PartResult | None:
    """Train, export and measure; None when the corpus holds too few exchanges to learn from.

    `checkpoint` is a folder from which an interrupted run goes on. The shipped model is the measured one:
    it has not seen the held-out rows, but every answer has other wordings that it has.
    """
    recipe = recipe or recipe_for(context.response_base)
    exchanges = exchanges_of(context.corpus)
    train, held = hold_out(exchanges, share=recipe.held_out, seed=context.seed)
    if len(exchanges) < LEAST_EXCHANGES or not held:
        return None
    tokenizer, model = _start(recipe, context)
    graph = graph_of(model, end=token_id(tokenizer, prompt.END))
    settings = Settings(graph, _UNDECIDED, reword=False)
    maker = SampleMaker(
        tokenizer,
        positions=graph.positions,
        prior_share=recipe.prior_share,
        wording_share=recipe.wording_share,
        seed=context.seed,
    )
    trained = _train(context, recipe, model, maker, train, checkpoint)
    loss = trained.mean_loss([maker.choosing(exchange) for exchange in held])
    export_graph(merged(model), graph, context.out)
    write_settings(settings, tokenizer, context.out)
    settings, figures = measure(context, recipe.trial, settings, train, held)
    write_settings(settings, tokenizer, context.out)
    metrics = {
        "exchanges": len(train),
        "held_out": len(held),
        "perplexity": round(math.exp(loss), 3),
        **figures,
    }
    return PartResult(recipe=asdict(recipe), metrics=metrics)


def _train(
    context: TrainContext,
    recipe: Recipe,
    model: Any,
    maker: SampleMaker,
    train: Sequence[Exchange],
    checkpoint: Path | None,
) -> Trainer:
    knobs = json.dumps([context.corpus.sha256, context.seed, asdict(recipe)], sort_keys=True)
    trainer = Trainer(
        model,
        recipe.schedule,
        seed=context.seed,
        pad=maker.pad,
        device=context.device,
        checkpoint=checkpoint,
        run=hashlib.sha256(knobs.encode()).hexdigest(),
    )

    def report(step: Step) -> None:
        if step.number % 10 == 0:
            context.progress("training responses", step.tokens, recipe.schedule.train_tokens)

    trainer.train(lambda number: maker.epoch(train, number), report)
    return trainer


def _start(recipe: Recipe, context: TrainContext) -> tuple[Tokenizer, Any]:
    """The tokenizer and the untrained model."""
    if recipe.base is not None:
        tokenizer = AutoTokenizer.from_pretrained(recipe.base, use_fast=True).backend_tokenizer
        add_prompt_tokens(tokenizer)
        return tokenizer, load_base(recipe.base, vocabulary=tokenizer.get_vocab_size(), seed=context.seed)
    corpus = context.corpus
    texts = [text for answer in corpus.answers for _, text in answer.variants()]
    texts += [turn.text for dialogue in corpus.dialogues for turn in dialogue.turns]
    texts += [example.text for example in corpus.examples]
    tokenizer = fit_tokenizer(texts, vocabulary=recipe.shape.vocabulary)
    model = build_compact(
        recipe.shape,
        vocabulary=tokenizer.get_vocab_size(),
        dropout=recipe.schedule.dropout,
        pad=token_id(tokenizer, prompt.PAD),
        end=token_id(tokenizer, prompt.END),
        seed=context.seed,
    )
    return tokenizer, model
