"""Trains the entity tagger in torch: a small network over frozen token vectors, and a chain of tags.

Knows sentences of units, vectors and tags; knows no corpus and no calibration. nlu/tagger.py serves it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nlu.chain import Chain
from nlu.tagger import Network

FORBIDDEN = -1e4  # a tag that goes on with what has not begun


@dataclass(frozen=True, slots=True)
class TaggerRecipe:
    """Every knob of the tagger. Chosen on development folds of NLU++ banking and hotels."""

    hidden: int = 128
    buckets: int = 8_192
    epochs: int = 12
    least_steps: int = 300  # few sentences: more epochs instead
    batch: int = 32
    rate: float = 3e-3
    decay: float = 0.01
    dropout: float = 0.4  # of the vectors and of the hidden layer
    blindness: float = 0.2  # share of the hashed features that a pass does not see

    def to_json(self) -> dict[str, Any]:
        """The knobs for the manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One example in units: their windowed vectors [units, 3 * width], hash buckets and tags."""

    windowed: NDArray[np.float32]
    buckets: Sequence[Sequence[int]]
    tags: Sequence[int]


class TaggerNetwork(nn.Module):
    """Emissions of units, and the scores of the chain."""

    def __init__(self, width: int, tags: int, recipe: TaggerRecipe) -> None:
        super().__init__()
        self.first = nn.Linear(width, recipe.hidden)
        self.second = nn.Linear(recipe.hidden, tags)
        self.features = nn.Embedding(recipe.buckets + 1, tags, padding_idx=recipe.buckets)
        nn.init.zeros_(self.features.weight)
        self.dropout = nn.Dropout(recipe.dropout)
        self.following = nn.Parameter(torch.zeros(tags, tags))
        self.beginning = nn.Parameter(torch.zeros(tags))
        self.ending = nn.Parameter(torch.zeros(tags))
        self.register_buffer("barred_following", _barred(tags))
        self.register_buffer("barred_beginning", _barred(tags)[0])
        self.blindness = recipe.blindness

    def emissions(self, windowed: Tensor, buckets: Tensor) -> Tensor:
        """[sentences, units, tags] of windowed vectors and padded buckets [sentences, units, features]."""
        if self.training:
            unseen = torch.rand(buckets.shape, device=buckets.device) < self.blindness
            buckets = buckets.masked_fill(unseen, self.features.num_embeddings - 1)
        # One mask a sentence: a mask a unit costs as much as all the rest of a step.
        seen = self.dropout(windowed.new_ones(len(windowed), 1, windowed.shape[2]))
        hidden = torch.relu(self.first(windowed * seen))
        scores: Tensor = self.second(self.dropout(hidden)) + self.features(buckets).sum(dim=2)
        return scores

    def chain(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of following, beginning and ending; what BIO forbids is out of reach."""
        following: Tensor = self.following + self.get_buffer("barred_following")
        return following, self.beginning + self.get_buffer("barred_beginning"), self.ending

    def loss(self, batch: "Batch") -> Tensor:
        """Mean negative log likelihood of the sentences' tags."""
        emissions = self.emissions(batch.windowed, batch.buckets)
        following, beginning, ending = self.chain()
        score = beginning + emissions[:, 0]
        rows = torch.arange(len(batch.tags), device=emissions.device)
        right = score[rows, batch.tags[:, 0]]
        for unit in range(1, emissions.shape[1]):
            alive, own = batch.mask[:, unit], emissions[:, unit]
            onward = torch.logsumexp(score[:, :, None] + following, dim=1) + own
            score = torch.where(alive[:, None], onward, score)
            step = following[batch.tags[:, unit - 1], batch.tags[:, unit]] + own[rows, batch.tags[:, unit]]
            right = right + step * alive
        last = batch.tags[rows, batch.mask.sum(dim=1) - 1]
        return (torch.logsumexp(score + ending, dim=1) - right - ending[last]).mean()


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences padded to one length; `mask` [sentences, units] says which units are there."""

    windowed: Tensor
    buckets: Tensor
    tags: Tensor
    mask: Tensor


def fit_tagger(
    sentences: Sequence[Sentence],
    *,
    labels: int,
    recipe: TaggerRecipe,
    seed: int,
    device: str,
    progress: Callable[[int, int], None],
) -> tuple[Network, Chain]:
    """Trains on sentences of one unit at least; the same seed on a CPU, the same tagger."""
    torch.manual_seed(seed)
    shuffle = np.random.default_rng(seed)
    network = TaggerNetwork(sentences[0].windowed.shape[1], 2 * labels + 1, recipe).to(device).train()
    steps = -(-len(sentences) // recipe.batch)
    epochs = max(recipe.epochs, -(-recipe.least_steps // steps))
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.rate, total_steps=epochs * steps, pct_start=0.1
    )
    for epoch in range(epochs):
        order = shuffle.permutation(len(sentences))
        for start in range(0, len(order), recipe.batch):
            rows = [sentences[i] for i in order[start : start + recipe.batch]]
            optimiser.zero_grad()
            torch.autograd.backward(network.loss(_batch(rows, recipe, device)))
            optimiser.step()
            schedule.step()
        progress(epoch + 1, epochs)
    return _served(network)


def _batch(rows: Sequence[Sentence], recipe: TaggerRecipe, device: str) -> Batch:
    longest = max(len(row.tags) for row in rows)
    most = max(len(buckets) for row in rows for buckets in row.buckets)
    windowed = np.zeros((len(rows), longest, rows[0].windowed.shape[1]), dtype=np.float32)
    buckets = np.full((len(rows), longest, most), recipe.buckets, dtype=np.int64)
    tags = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=bool)
    for i, row in enumerate(rows):
        units = len(row.tags)
        windowed[i, :units], tags[i, :units], mask[i, :units] = row.windowed, row.tags, True
        for unit, found in enumerate(row.buckets):
            buckets[i, unit, : len(found)] = found
    return Batch(*(torch.from_numpy(array).to(device) for array in (windowed, buckets, tags, mask)))


def _barred(tags: int) -> Tensor:
    """[tags, tags]: FORBIDDEN where the second cannot follow the first, else 0."""
    barred = torch.zeros(tags, tags)
    for inside in range(2, tags, 2):
        barred[:, inside] = FORBIDDEN
        barred[inside - 1, inside] = barred[inside, inside] = 0.0
    return barred


def _served(network: TaggerNetwork) -> tuple[Network, Chain]:
    def array(tensor: Tensor) -> NDArray[np.float32]:
        return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float32)

    served = Network(
        w1=array(network.first.weight.T),
        b1=array(network.first.bias),
        w2=array(network.second.weight.T),
        b2=array(network.second.bias),
        features=array(network.features.weight[:-1]),
    )
    return served, Chain(*(array(scores) for scores in network.chain()))
