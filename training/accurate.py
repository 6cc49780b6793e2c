"""The accurate recipe for intents: the BERT learns with the head and is served beside the shared one.

Knows torch and the rows; the encoder of retrieval stays as it was, so answers found do not move.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from nlu.classifier import FORMAT, Head
from nlu.ngrams import buckets
from retrieval.encoder import Encoder
from retrieval.gloss import FILE as GLOSS
from retrieval.gloss import Glossary
from training.calibrate import HeldOut, calibrate
from training.context import PartResult, TrainContext
from training.export import MAX_LENGTH, SentenceModel, export_encoder, load_sentence_model
from training.fast import (
    OOS_LABELS,
    Rows,
    acting,
    check_enough,
    encode_in_steps,
    folds,
    labelled_texts,
    write_intents,
)
from training.head import HeadNetwork, HeadRecipe, bag_tensors, to_served
from training.promise import Promises


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """Every knob of fine-tuning; with distillation BANKING77 gained 1.1 points over without."""

    epochs: int = 3
    least_steps: int = 300
    batch: int = 32
    rate: float = 2e-4  # of the BERT
    head_rate: float = 1e-3
    decay: float = 0.01
    warmup: float = 0.1
    distil: float = 1.0  # weight of 1 - cosine to the vector of the untouched model
    held_out: float = 1 / 12  # share of rows kept for calibration, and never trained on
    held_out_least: int = 150
    max_length: int = 96


def train_intents_accurate(context: TrainContext) -> PartResult | None:
    """The `intents` part with an encoder of its own. None without labelled examples."""
    rows = labelled_texts(context.corpus)
    if not rows:
        return None
    texts, labels = tuple(text for text, _ in rows), tuple(label for _, label in rows)
    vectors = encode_in_steps(context.encode, texts, lambda d, t: context.progress("encode intents", d, t))
    return tune_intents(
        Rows(texts, labels, vectors),
        context.out,
        base=context.base,
        gloss=context.bundle / "encoder" / GLOSS,
        promises=context.corpus.promises,
        seed=context.seed,
        device=context.device,
        progress=lambda done, total: context.progress("fine-tune intents", done, total),
    )


def tune_intents(
    rows: Rows,
    out: Path,
    *,
    base: Path,
    gloss: Path,
    promises: Promises,
    seed: int,
    device: str,
    progress: Callable[[int, int], None],
    recipe: TuneRecipe | None = None,
) -> PartResult:
    """Fine-tunes, exports to int8 and calibrates what is served on rows it never saw. Raises TooLittleData.

    rows.vectors are the untouched model's, which distillation holds on to; `gloss` is the glossary's path.
    """
    recipe, head_recipe = recipe or TuneRecipe(), HeadRecipe(dropout=0.3, prior=0.0, linear=0.0)
    names = check_enough(rows)
    labels = np.asarray([names.index(label) for label in rows.labels], dtype=np.int64)
    in_scope = np.asarray([label not in OOS_LABELS for label in rows.labels])
    parts = max(4, round(1 / max(recipe.held_out, recipe.held_out_least / len(labels))))
    held = folds(labels, parts, seed) == 0
    read = Glossary.load(gloss).read if gloss.is_file() else str
    model, network = _tune(
        rows, labels, np.flatnonzero(~held), recipe, head_recipe, base, seed, device, progress, read
    )
    export_encoder(model, base, out, name=str(base.name))
    if gloss.is_file():
        shutil.copyfile(gloss, out / GLOSS)
    encoder = Encoder.load(out)
    seen = [rows.texts[i] for i in np.flatnonzero(in_scope & ~held)]
    reference = encoder.encode(_sample(seen, head_recipe.reference_rows, seed))
    head = to_served(network, reference, head_recipe)
    measured = _held_out(head, encoder, rows, labels, in_scope, np.flatnonzero(held))
    write_intents(head, _settings(names, head_recipe, calibrate(measured, promises, acts=acting(names))), out)
    accuracy = float((measured.logits.argmax(axis=1) == measured.labels).mean())
    return PartResult(
        recipe={"tune": asdict(recipe), "head": head_recipe.to_json(), "seed": seed},
        metrics={"rows": len(labels), "intents": len(names), "held_out_accuracy": round(accuracy, 4)},
    )


def _settings(names: Sequence[str], recipe: HeadRecipe, calibrated: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of intents.json."""
    oos = sorted(OOS_LABELS & set(names))
    return {"format": FORMAT, "labels": names, "oos_labels": oos, "scale": recipe.scale, **calibrated}


def _sample(texts: Sequence[str], most: int, seed: int) -> list[str]:
    """At most so many of the texts, drawn by the seed, in their order."""
    kept = sorted(np.random.default_rng(seed).permutation(len(texts))[:most].tolist())
    return [texts[i] for i in kept]


def _held_out(
    head: Head,
    encoder: Encoder,
    rows: Rows,
    labels: NDArray[np.int64],
    in_scope: NDArray[np.bool_],
    chosen: NDArray[np.int64],
) -> HeldOut:
    texts = [rows.texts[i] for i in chosen]
    vectors = encoder.encode(texts)
    return HeldOut(head.logits(vectors, texts), head.distance(vectors), labels[chosen], in_scope[chosen])


def _tune(
    rows: Rows,
    labels: NDArray[np.int64],
    chosen: NDArray[np.int64],
    recipe: TuneRecipe,
    head_recipe: HeadRecipe,
    base: Path,
    seed: int,
    device: str,
    progress: Callable[[int, int], None],
    read: Callable[[str], str],
) -> tuple[SentenceModel, HeadNetwork]:
    torch.manual_seed(seed)
    shuffle = np.random.default_rng(seed)
    model = load_sentence_model(base).to(device).train()
    network = HeadNetwork(rows.vectors.shape[1], int(labels.max()) + 1, head_recipe).to(device).train()
    data = _Batches(rows, labels, base, recipe, head_recipe, device, read)
    per_epoch = -(-len(chosen) // recipe.batch)
    epochs = max(recipe.epochs, -(-recipe.least_steps // per_epoch))
    optimisers = _optimisers(model, network, recipe)
    done, total = 0, epochs * per_epoch
    rates = [recipe.rate, recipe.head_rate]
    schedule = OneCycleLR(optimisers[0], max_lr=rates, total_steps=total, pct_start=recipe.warmup)
    for _ in range(epochs):
        for batch in data.shuffled(chosen, shuffle):
            for optimiser in optimisers:
                optimiser.zero_grad()
            with torch.autocast(device, dtype=torch.bfloat16, enabled=_bf16(device)):
                vectors = model(batch.ids, batch.mask)
            logits = network(vectors.float() * head_recipe.scale, batch.bag)
            drift = 1 - nn.functional.cosine_similarity(vectors.float(), batch.originals).mean()
            loss = nn.functional.cross_entropy(logits, batch.labels) + recipe.distil * drift
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimiser in optimisers:
                optimiser.step()
            schedule.step()
            done += 1
            progress(done, total)
    return model.eval(), network.eval()


def _optimisers(
    model: SentenceModel, network: HeadNetwork, recipe: TuneRecipe
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    dense = [*network.first.parameters(), *network.second.parameters()]
    groups = [
        {"params": list(model.parameters()), "lr": recipe.rate},
        {"params": dense, "lr": recipe.head_rate},
    ]
    return (
        torch.optim.AdamW(groups, weight_decay=recipe.decay),
        torch.optim.SparseAdam(network.ngrams.parameters(), lr=recipe.head_rate),
    )


def _bf16(device: str) -> bool:
    """bf16 only where the processor computes in it; emulated it is slower than fp32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


@dataclass(frozen=True, slots=True)
class _Batch:
    ids: Tensor
    mask: Tensor
    bag: tuple[Tensor, Tensor, Tensor]
    labels: Tensor
    originals: Tensor


class _Batches:
    """Token ids, n-grams, labels and original vectors of all rows, in batches of like length."""

    def __init__(
        self,
        rows: Rows,
        labels: NDArray[np.int64],
        base: Path,
        recipe: TuneRecipe,
        head_recipe: HeadRecipe,
        device: str,
        read: Callable[[str], str],
    ) -> None:
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(min(recipe.max_length, MAX_LENGTH))
        self._ids = [tokenizer.encode(read(text)).ids for text in rows.texts]
        self._bags = [buckets(text, size=head_recipe.buckets) for text in rows.texts]
        self._labels, self._originals = torch.from_numpy(labels), torch.from_numpy(rows.vectors)
        self._size, self._device = recipe.batch, device

    def shuffled(self, chosen: NDArray[np.int64], chance: np.random.Generator) -> Iterator[_Batch]:
        """Every chosen row once. Within some hundred shuffled rows like lengths share a batch."""
        order = chance.permutation(chosen)
        window = self._size * 16
        batches: list[Sequence[int]] = []
        for start in range(0, len(order), window):
            near = sorted(order[start : start + window].tolist(), key=lambda i: len(self._ids[i]))
            batches.extend(near[i : i + self._size] for i in range(0, len(near), self._size))
        for place in chance.permutation(len(batches)):
            yield self._batch(batches[place])

    def _batch(self, rows: Sequence[int]) -> _Batch:
        longest = max(len(self._ids[i]) for i in rows)
        ids = torch.zeros((len(rows), longest), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(self._ids[row])] = torch.tensor(self._ids[row])
            mask[place, : len(self._ids[row])] = 1
        return _Batch(
            ids.to(self._device),
            mask.to(self._device),
            bag_tensors([self._bags[i] for i in rows], self._device),
            self._labels[list(rows)].to(self._device),
            self._originals[list(rows)].to(self._device),
        )
