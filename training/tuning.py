"""Tunes the encoder on labelled texts: one loop for few examples and for many, on a CPU, a GPU or several.

Knows torch, the base model and the rows; knows no head, no calibration and no bundle.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel

from retrieval.gloss import Glossary
from training.adapters import adapted, put_transformer, word_embeddings
from training.augment import Augmentation, vary_by
from training.batches import Batch, Batches, Reader
from training.errors import TrainingError
from training.export import MAX_LENGTH, SentenceModel, load_sentence_model
from training.objectives import ALONE, Adversary, contrast, drift, to_prototypes

Progress = Callable[[int, int], None]
_LAYER = re.compile(r"\.layers?\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """Every knob of tuning; 0 switches an option off."""

    epochs: int = 3
    least_steps: int = 100  # few rows: more epochs instead
    batch: int = 64
    together: int = 4  # rows of one group that follow each other
    passage: int = 16  # rows of like length a pass
    rate: float = 2e-4
    layer_decay: float = 1.0  # each layer's rate, times the next one's above
    decay: float = 0.01
    warmup: float = 0.1
    contrast: float = 1.0  # weight of the contrastive loss
    temperature: float = 0.07
    prototypes: float = 1.0  # weight of the cross-entropy to one vector a group
    scale: float = 20.0
    smoothing: float = 0.1
    prototype_rate: float = 1e-3
    distil: float = 1.0  # weight of the drift from the untouched encoder
    average: float = 0.0  # last share of the steps whose weights are averaged (arXiv:1803.05407)
    adversary: float = 0.0  # length of the step against the word embeddings
    lora_from: int = 100_000_000  # parameters from which only low-rank adapters learn
    lora_rank: int = 16
    watch: float = 0.0  # share of the rows that nothing is learnt from: the epoch that reads them best stays
    patience: int = 1  # epochs without a better reading of those, after which tuning stops
    max_length: int = 96


@dataclass(frozen=True, slots=True)
class TuneJob:
    """Texts, the group of each [n] (objectives.ALONE: none), their vectors by the untouched encoder [n, dim],
    and how to learn from them. Through the glossary, where there is one, Chinese becomes English.
    """

    texts: tuple[str, ...]
    groups: NDArray[np.int64]
    originals: NDArray[np.float32]
    base: Path
    gloss: Path
    recipe: TuneRecipe
    augment: Augmentation
    synonyms: tuple[tuple[str, ...], ...]
    seed: int


def tune(job: TuneJob, device: str, progress: Progress) -> SentenceModel:
    """The tuned encoder, on the CPU. Under torchrun each process takes its share of an epoch's batches. The
    same job on one CPU gives the same weights.
    """
    recipe, read = job.recipe, _reader(job)
    _check(recipe)
    set_seed(job.seed)
    accelerator = Accelerator(
        cpu=device == "cpu",
        mixed_precision="bf16" if _bf16(device) else "no",
        # A BERT's pooler takes no part in sentence vectors, and buffers never change.
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False, find_unused_parameters=True)],
    )
    watched = _watched(job.groups, recipe.watch, job.seed)
    learnt, unlearnt = np.flatnonzero(~watched), np.flatnonzero(watched)
    batches = _batches(job, learnt, read, passage=recipe.batch if device == "cuda" else recipe.passage)
    means = _means(job.groups[learnt], job.originals[learnt])
    loop = _Loop(recipe, means, job.base, accelerator, len(batches))
    best = _Best(recipe.patience)
    chance = np.random.default_rng(job.seed)
    for _ in range(loop.epochs):
        for batch in _share(batches.shuffled(chance), loop.each, accelerator):
            loop.step(batch)
            progress(loop.done, loop.total)
        if len(unlearnt) and best.enough(loop.loss_of(_batches(job, unlearnt, read)), loop.weights()):
            progress(loop.total, loop.total)
            break
    return loop.finished(best.weights)


def _check(recipe: TuneRecipe) -> None:
    """Raises TrainingError for options of which one would do nothing."""
    if recipe.watch and recipe.average:
        raise TrainingError(
            "tune.watch keeps one epoch's weights, tune.average many steps'; set one of them."
        )
    if recipe.watch and not recipe.prototypes:
        raise TrainingError("tune.watch reads by the prototypes, which learn nothing; set tune.prototypes=1.")


def _share(batches: Iterator[Batch], each: int, accelerator: Accelerator) -> Iterator[Batch]:
    """This process's batches of an epoch, as many as every other process has."""
    processes, ours = accelerator.num_processes, accelerator.process_index
    for number, batch in enumerate(batches):
        if number < each * processes and number % processes == ours:
            yield batch


class _Learner(nn.Module):
    """The encoder with one vector a group, so that several processes agree on both."""

    def __init__(self, model: SentenceModel, prototypes: Tensor) -> None:
        super().__init__()
        self.model = model
        self.prototypes = nn.Parameter(prototypes)

    def forward(self, passages: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Unit vectors of all rows, and the prototypes: what several processes are to agree on must come out
        of the one call that their wrapper sees.
        """
        found = torch.cat([self.model(ids, mask) for ids, mask in passages])
        return nn.functional.normalize(found.float(), dim=1), self.prototypes * 1.0


class _Loop:
    """The model, its optimiser, and one step after another."""

    def __init__(
        self, recipe: TuneRecipe, means: Tensor, base: Path, accelerator: Accelerator, batches: int
    ) -> None:
        model = load_sentence_model(base)
        self._recipe, self._accelerator, self._plain = recipe, accelerator, model
        self._embedding = word_embeddings(model)
        self._adapters = adapted(model, largest=recipe.lora_from, rank=recipe.lora_rank)
        self.each = max(1, batches // accelerator.num_processes)
        self.epochs = max(recipe.epochs, -(-recipe.least_steps // self.each))
        self.done, self.total = 0, self.epochs * self.each
        learner = _Learner(model, means).train()
        groups = _parameter_groups(learner, recipe)
        optimiser = torch.optim.AdamW(groups, weight_decay=recipe.decay)
        rates = [group["lr"] for group in groups]
        self._schedule = OneCycleLR(optimiser, max_lr=rates, total_steps=self.total, pct_start=recipe.warmup)
        self._learner, self._optimiser = accelerator.prepare(learner, optimiser)
        self._average = AveragedModel(model) if recipe.average else None

    def step(self, batch: Batch) -> None:
        """One step of the optimiser."""
        self._optimiser.zero_grad()
        self._accelerator.backward(self._loss(batch))
        if self._recipe.adversary and self._embedding.weight.requires_grad:  # adapters leave it frozen
            with Adversary(self._embedding, size=self._recipe.adversary):
                self._accelerator.backward(self._loss(batch))
        self._accelerator.clip_grad_norm_(self._learner.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self.done += 1
        if self._average is not None and self.done > self.total * (1 - self._recipe.average):
            self._average.update_parameters(self._plain)

    def loss_of(self, batches: Batches) -> float:
        """How badly the prototypes tell rows apart that nothing was learnt from."""
        self._learner.eval()
        with torch.inference_mode():
            shuffled = batches.shuffled(np.random.default_rng(0))
            losses = [float(self._told_apart(*self._read(batch))) for batch in shuffled]
        self._learner.train()
        return sum(losses) / len(losses)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the encoder's weights as they are now."""
        return {name: tensor.detach().clone() for name, tensor in self._plain.state_dict().items()}

    def finished(self, weights: Mapping[str, Tensor] | None) -> SentenceModel:
        """The model as it is to be served, with other `weights` than the last if given."""
        if weights is not None:
            self._plain.load_state_dict(weights)
        elif self._average is not None:
            self._plain.load_state_dict(self._average.module.state_dict())
        if self._adapters is not None:
            put_transformer(self._plain, self._adapters.merge_and_unload())
        return self._plain.eval().cpu()

    def _loss(self, batch: Batch) -> Tensor:
        recipe = self._recipe
        vectors, prototypes, groups = self._read(batch)
        loss = recipe.distil * drift(vectors, batch.originals.to(vectors.device))
        if recipe.contrast:
            loss = loss + recipe.contrast * contrast(vectors, groups, temperature=recipe.temperature)
        return loss + recipe.prototypes * self._told_apart(vectors, prototypes, groups)

    def _read(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        device = self._accelerator.device
        with self._accelerator.autocast():
            passages = [(p.ids.to(device), p.mask.to(device)) for p in batch.passages]
            vectors, prototypes = self._learner(passages)
        return vectors.float(), prototypes.float(), batch.groups.to(device)

    def _told_apart(self, vectors: Tensor, prototypes: Tensor, groups: Tensor) -> Tensor:
        recipe = self._recipe
        return to_prototypes(vectors, prototypes, groups, scale=recipe.scale, smoothing=recipe.smoothing)


class _Best:
    """The weights of the epoch that read the watched rows best."""

    def __init__(self, patience: int) -> None:
        self._patience, self._loss, self._since = patience, float("inf"), 0
        self.weights: dict[str, Tensor] | None = None

    def enough(self, loss: float, weights: dict[str, Tensor]) -> bool:
        """Notes an epoch; whether to stop."""
        self._since += 1
        if loss < self._loss:
            self._loss, self._since, self.weights = loss, 0, weights
        return self._since >= self._patience


def _reader(job: TuneJob) -> Reader:
    """Texts to token ids, as the served encoder will read them."""
    readable = Glossary.load(job.gloss).read if job.gloss.is_file() else str
    tokenizer = Tokenizer.from_file(str(job.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(job.recipe.max_length, MAX_LENGTH))
    return lambda text: cast(Sequence[int], tokenizer.encode(readable(text)).ids)


def _batches(job: TuneJob, chosen: NDArray[np.int64], read: Reader, *, passage: int | None = None) -> Batches:
    return Batches(
        [job.texts[i] for i in chosen],
        job.groups[chosen],
        job.originals[chosen],
        read=read,
        size=job.recipe.batch,
        together=job.recipe.together,
        passage=passage or job.recipe.passage,
        vary=vary_by(job.augment, job.synonyms),
    )


def _watched(groups: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """So large a share of the rows, by chance, but never all of a group."""
    chance = np.random.default_rng(seed)
    watched = np.zeros(len(groups), dtype=np.bool_)
    for group in np.unique(groups) if share else []:
        rows = chance.permutation(np.flatnonzero(groups == group))
        watched[rows[: min(len(rows) - 1, round(share * len(rows)))]] = True
    return watched


def _means(groups: NDArray[np.int64], originals: NDArray[np.float32]) -> Tensor:
    """Where each group's vector starts: at the mean of its rows, [groups, dim]."""
    means = np.zeros((int(groups.max()) + 1, originals.shape[1]), dtype=np.float32)
    for group in np.unique(groups[groups != ALONE]):
        means[group] = originals[groups == group].mean(axis=0)
    return torch.from_numpy(means)


def _parameter_groups(learner: _Learner, recipe: TuneRecipe) -> list[dict[str, Any]]:
    """The parameters that learn, by their rate: the lower the layer, the slower, embeddings slowest."""
    learning = [(n, p) for n, p in learner.named_parameters() if p.requires_grad]
    numbers = [int(found.group(1)) for name, _ in learning if (found := _LAYER.search(name))]
    layers = max(numbers, default=0) + 1
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in learning:
        found = _LAYER.search(name)
        depth = layers - int(found.group(1)) - 1 if found else layers
        rate = recipe.rate * recipe.layer_decay**depth
        groups.setdefault(recipe.prototype_rate if name == "prototypes" else rate, []).append(parameter)
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]


def _bf16(device: str) -> bool:
    """bf16 only where the processor computes in it; emulated it is slower than fp32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())
