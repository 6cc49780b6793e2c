"""Tuning an encoder: what it is for, what each option does, and that processes and seeds agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import nn

from tests.training.conftest import INTENTS
from training.augment import Augmentation
from training.batches import Batches, Reader
from training.errors import TrainingError
from training.export import SentenceModel, load_sentence_model
from training.objectives import ALONE, Adversary, contrast, drift, to_prototypes
from training.tuning import TuneJob, TuneRecipe, tune
from training.tuning_processes import tune_in

TEXTS = tuple(text for texts in INTENTS.values() for text in texts)
GROUPS = np.asarray(
    [ALONE if name == "out_of_scope" else i for i, (name, t) in enumerate(INTENTS.items()) for _ in t],
    dtype=np.int64,
)
QUICK = TuneRecipe(epochs=6, least_steps=1, batch=8, rate=3e-3)


def silent(done: int, total: int) -> None:
    assert 0 < done <= total


def vectors_of(model: SentenceModel, base: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    batches = Batches(
        TEXTS, np.arange(len(TEXTS)), np.zeros((len(TEXTS), 32), np.float32),
        read=_reader(base), size=1, together=1, passage=1,
    )  # fmt: skip
    found = np.zeros((len(TEXTS), 32), np.float32)
    with torch.inference_mode():
        for batch in batches.shuffled(np.random.default_rng(0)):
            passage = batch.passages[0]
            found[int(batch.groups[0])] = model(passage.ids, passage.mask).numpy()[0]
    return found


def _reader(base: Path) -> Reader:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    return lambda text: list(tokenizer.encode(text).ids)


@pytest.fixture(scope="module")
def job(tiny_base: Path) -> TuneJob:
    originals = vectors_of(load_sentence_model(tiny_base), tiny_base)
    nowhere = tiny_base / "no-glossary"
    return TuneJob(TEXTS, GROUPS, originals, tiny_base, nowhere, QUICK, Augmentation(), (), 0)


def apart(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """How much nearer rows of a group are to each other than to those of other groups, in cosines."""
    grouped = GROUPS != ALONE
    cosines = (vectors @ vectors.T)[np.ix_(grouped, grouped)]
    same = GROUPS[grouped][:, None] == GROUPS[grouped][None]
    np.fill_diagonal(cosines, np.nan)
    return float(np.nanmean(cosines[same]) - np.nanmean(cosines[~same]))


def test_tuning_brings_a_group_together_and_apart_from_others(job: TuneJob, tiny_base: Path) -> None:
    tuned = vectors_of(tune(job, "cpu", silent), tiny_base)
    assert apart(tuned) > apart(job.originals) + 0.2
    assert np.allclose(np.linalg.norm(tuned, axis=1), 1.0, atol=1e-5)


def test_the_same_job_gives_the_same_weights(job: TuneJob) -> None:
    first, second = tune(job, "cpu", silent), tune(job, "cpu", silent)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_distillation_holds_on_to_the_untouched_encoder(job: TuneJob, tiny_base: Path) -> None:
    def moved(weight: float) -> float:
        recipe = replace(QUICK, distil=weight)
        tuned = vectors_of(tune(replace(job, recipe=recipe), "cpu", silent), tiny_base)
        return float(1 - (tuned * job.originals).sum(axis=1).mean())

    assert moved(20.0) < moved(0.0)


@pytest.mark.parametrize(
    "option",
    [{"average": 0.5}, {"adversary": 0.05}, {"layer_decay": 0.5}, {"watch": 0.3}, {"contrast": 0.0}],
    ids=lambda option: next(iter(option)),
)
def test_every_option_learns_and_changes_something(
    job: TuneJob, tiny_base: Path, option: dict[str, Any]
) -> None:
    plain = vectors_of(tune(job, "cpu", silent), tiny_base)
    tuned = vectors_of(tune(replace(job, recipe=replace(QUICK, **option)), "cpu", silent), tiny_base)
    assert apart(tuned) > apart(job.originals) + 0.1
    assert not np.allclose(tuned, plain, atol=1e-4)


def test_watching_stops_when_reading_gets_no_better(job: TuneJob) -> None:
    told: list[tuple[int, int]] = []
    recipe = replace(QUICK, epochs=60, watch=0.3, patience=1, rate=5e-2)
    tune(replace(job, recipe=recipe), "cpu", lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert len(told) < told[-1][1], "it went through all epochs"


@pytest.mark.parametrize("option", [{"average": 0.5}, {"prototypes": 0.0}])
def test_options_that_exclude_each_other_are_named(job: TuneJob, option: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match=r"tune\.watch"):
        tune(replace(job, recipe=replace(QUICK, watch=0.3, **option)), "cpu", silent)


@pytest.mark.parametrize("adversary", [0.0, 1.0])  # which has no hold on embeddings that do not learn
def test_large_models_learn_by_adapters_that_are_merged(
    job: TuneJob, tiny_base: Path, adversary: float
) -> None:
    recipe = replace(QUICK, lora_from=1, lora_rank=4, rate=1e-2, adversary=adversary)
    tuned = tune(replace(job, recipe=recipe), "cpu", silent)
    before = dict(load_sentence_model(tiny_base).named_parameters())
    after = dict(tuned.named_parameters())
    assert after.keys() == before.keys()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed
    assert not any("embeddings" in name for name in changed)
    assert apart(vectors_of(tuned, tiny_base)) > apart(job.originals)


@pytest.mark.slow
def test_two_processes_share_the_work_and_give_one_model(job: TuneJob, tiny_base: Path) -> None:
    told: list[tuple[int, int]] = []
    tuned = tune_in(2, job, "cpu", lambda done, total: told.append((done, total)))
    batches = -(-len(TEXTS) // QUICK.batch)
    assert told[-1] == (QUICK.epochs * (batches // 2), QUICK.epochs * (batches // 2))
    assert apart(vectors_of(tuned, tiny_base)) > apart(job.originals) + 0.1


@pytest.mark.slow
def test_a_process_that_fails_is_told(job: TuneJob, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="2 processes failed"):
        tune_in(2, replace(job, base=tmp_path / "gone"), "cpu", silent)


def test_contrast_is_least_where_partners_meet() -> None:
    groups = torch.tensor([0, 0, 1, 1, ALONE])
    met = nn.functional.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1], [-1, -1]]), dim=1)
    mixed = met[[0, 2, 1, 3, 4]]
    assert contrast(met, groups, temperature=0.1) < contrast(mixed, groups, temperature=0.1)
    alone = torch.full((5,), ALONE)
    assert float(contrast(met, alone, temperature=0.1)) == 0.0
    assert float(to_prototypes(met, met, alone, scale=20, smoothing=0.1)) == 0.0
    assert float(drift(met, met)) == pytest.approx(0.0, abs=1e-6)


def test_the_adversary_makes_the_loss_worse_and_leaves_no_trace() -> None:
    torch.manual_seed(0)
    embedding, target = nn.Embedding(5, 4), torch.ones(4)

    def loss() -> torch.Tensor:
        found: torch.Tensor = embedding(torch.tensor([1, 2]))
        return ((found - target) ** 2).mean()

    before = embedding.weight.detach().clone()
    first = loss()
    torch.autograd.backward(first)
    with Adversary(embedding, size=0.5):
        assert loss().item() > first.item()
    assert torch.equal(embedding.weight, before)


def test_a_batch_holds_partners_and_little_padding(tiny_base: Path) -> None:
    batches = Batches(
        TEXTS, GROUPS, np.zeros((len(TEXTS), 32), np.float32),
        read=_reader(tiny_base), size=8, together=4, passage=2,
    )  # fmt: skip
    seen = 0
    for batch in batches.shuffled(np.random.default_rng(3)):
        seen += len(batch.groups)
        assert sum(len(p.ids) for p in batch.passages) == len(batch.groups)
        lengths = [int(p.mask.sum(dim=1).max()) for p in batch.passages]
        assert lengths == sorted(lengths)
        assert len(batch.groups) < 8 or any((batch.groups == g).sum() > 1 for g in batch.groups if g != ALONE)
    assert seen == len(TEXTS)
