"""The `stories` part: a small network that foresees the bot's next action where stories must generalise.

Knows the recipe, the fit and the calibration; what it learns from is training/story_rows.py's. It stands in
for Rasa's TEDPolicy (Vlasov et al. 2019, arXiv:1910.00486), whose augmentation it shares: one story goes on
after another.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nlu.next_action import NOTHING, Features, NextActionModel, Vocabulary
from training.context import PartResult, TrainContext
from training.corpus import Told
from training.story_rows import Book, Steps, book_of, conversations
from training.story_words import Spoken, spoken
from training.threads import one_thread

_TEMPERATURES = np.geomspace(0.3, 10.0, 100)


@dataclass(frozen=True, slots=True)
class NextActionRecipe:
    """Every knob. Chosen on the development rows of tests/benchmarks/next_action.py."""

    states: int = 5
    hidden: int = 64
    each: int = 12  # conversations made of each story
    epochs: int = 16
    least_steps: int = 600  # few stories: more epochs instead
    most_rows: int = 40_000
    batch: int = 128
    rate: float = 5e-3
    decay: float = 0.02
    dropout: float = 0.3  # of the hidden layer
    forget: float = 0.3  # share of the rows that are seen without the states before some point
    drop: float = (
        0.1  # share of the features of older states, and of all slots and entities, that are left out
    )
    smoothing: float = 0.05
    folds: int = 3  # of the stories, to calibrate on
    prior: float = 1.5  # temperature where nothing is held out
    prior_rows: float = 10.0  # how many rows it weighs


RECIPE = NextActionRecipe()


def train_stories(context: TrainContext) -> PartResult | None:
    """Writes next_action.safetensors and next_action.json. None where the project tells no stories."""
    told = [story for story in context.corpus.stories if story.steps]
    if not told:
        return None

    def progress(done: int) -> None:
        context.progress("stories: fit", done, RECIPE.folds + 1)

    examples = [example.text for example in context.corpus.examples]
    said = spoken((story.steps for story in told), examples, context.encode)
    model, held = fit_stories(told, RECIPE, seed=context.seed, said=said, progress=progress)
    model.save(context.out)
    return PartResult(
        recipe={**asdict(RECIPE), "seed": context.seed},
        metrics={
            "stories": len(told),
            "actions": len(model.actions),
            "words": len(said.words.texts),
            "held_out": held.figures(model.temperature),
            "temperature": round(model.temperature, 3),
        },
    )


@dataclass(frozen=True, slots=True)
class Row:
    """The last states of a conversation, the newest last, and what comes next."""

    states: tuple[Features, ...]
    action: str

    @property
    def key(self) -> tuple[frozenset[tuple[str, float]], ...]:
        """What tells one row's states from another's."""
        return tuple(frozenset(state.items()) for state in self.states)


def rows_of(made: Iterable[tuple[Steps, int]], recipe: NextActionRecipe, *, own: bool = False) -> list[Row]:
    """A row for each step of the conversations; `own`: without the steps that only come before."""
    rows: list[Row] = []
    for steps, first in made:
        states = [state for state, _ in steps]
        for place in range(first if own else 0, len(steps)):
            window = states[max(0, place + 1 - recipe.states) : place + 1]
            rows.append(Row(tuple(window), steps[place][1]))
    return rows


def fit_stories(
    told: Sequence[Told],
    recipe: NextActionRecipe,
    *,
    seed: int,
    said: Spoken | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[NextActionModel, "HeldOut"]:
    """The calibrated model, and what it was calibrated on: steps of stories that a fit had not seen. `said`
    is what customers say in the stories.
    """
    said = said or Spoken()
    held = HeldOut(np.zeros(0, dtype=np.int64), ())
    for fold in range(recipe.folds if len(told) >= recipe.folds else 0):
        held = held.joined(_unseen(told, said, recipe, fold, seed))
        progress(fold + 1)
    book = book_of(told)
    model = fit(book, _rows_to_learn(book, said, recipe, seed), recipe, seed=seed)
    progress(recipe.folds + 1)
    return replace(model, temperature=held.temperature(recipe), words=said.words), held


def _rows_to_learn(book: Book, said: Spoken, recipe: NextActionRecipe, seed: int) -> list[Row]:
    steps = sum(map(len, book.stories))
    each = max(1, min(recipe.each, recipe.most_rows // (2 * steps)))
    made = conversations(book, book.stories, each=each, seed=seed)
    return rows_of(said.varied(made, seed=seed), recipe)


def _unseen(told: Sequence[Told], said: Spoken, recipe: NextActionRecipe, fold: int, seed: int) -> "HeldOut":
    """The steps of a fold's stories, among others, that the rest of the stories does not tell word for word.
    A step whose message or action the rest does not know says nothing of what is served: there all are known.
    """
    left = book_of([story for i, story in enumerate(told) if i % recipe.folds != fold])
    learnt = _rows_to_learn(left, said, recipe, seed)
    model = fit(left, learnt, recipe, seed=seed)
    targets = [story.steps for i, story in enumerate(told) if i % recipe.folds == fold]
    made = conversations(left, targets, each=2, seed=seed + 1)
    tried = rows_of(said.varied(made, seed=seed + 1), recipe, own=True)
    keys, known = {row.key for row in learnt}, {name: i for i, name in enumerate(model.actions)}
    fresh = [
        row
        for row in tried
        if row.action in known and row.key not in keys and _is_known(row.states[-1], model.vocabulary)
    ]
    labels = np.asarray([known[row.action] for row in fresh], dtype=np.int64)
    return HeldOut(labels, tuple(model.logits(row.states) for row in fresh))


def _is_known(state: Features, vocabulary: Vocabulary) -> bool:
    likest = max((name for name in state if name.startswith("words ")), key=state.__getitem__, default=None)
    said = [name for name in state if name.startswith(("intent ", "did ")) or name == likest]
    return all(name in vocabulary.places for name in said)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Logits of steps that a model had not learnt, [actions of that model] each, and the right action's
    place.
    """

    labels: NDArray[np.int64]
    logits: tuple[NDArray[np.float32], ...]

    def joined(self, other: "HeldOut") -> "HeldOut":
        return HeldOut(np.concatenate([self.labels, other.labels]), (*self.logits, *other.logits))

    def temperature(self, recipe: NextActionRecipe) -> float:
        """That of the least cross-entropy (Guo et al. 2017, arXiv:1706.04599), near the prior where there is
        little to tell it by.
        """
        losses = [
            -float(np.log(self._chances(t)[0] + 1e-12).sum())
            + recipe.prior_rows * float(np.log(t / recipe.prior)) ** 2
            for t in _TEMPERATURES
        ]
        return float(_TEMPERATURES[int(np.argmin(losses))])

    def _chances(self, temperature: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each step the probability of the right action, and the highest."""
        right, best = [], []
        for logits, label in zip(self.logits, self.labels, strict=True):
            scaled = np.exp((logits - logits.max()).astype(np.float64) / temperature)
            right.append(scaled[label] / scaled.sum())
            best.append(1.0 / scaled.sum())
        return np.asarray(right), np.asarray(best)

    def figures(self, temperature: float) -> dict[str, Any]:
        """How often the likeliest action was right, and how far its probability says so."""
        if not self.logits:
            return {"steps": 0}
        right, best = self._chances(temperature)
        hits = right >= best - 1e-12
        gap = abs(float(best.mean()) - float(hits.mean()))
        return {"steps": len(hits), "accuracy": round(float(hits.mean()), 4), "confidence_gap": round(gap, 4)}


class _Network(nn.Module):
    def __init__(self, features: int, actions: int, recipe: NextActionRecipe) -> None:
        super().__init__()
        self.first = nn.EmbeddingBag(features, recipe.hidden, mode="sum")
        nn.init.normal_(self.first.weight, std=0.1)
        self.bias = nn.Parameter(torch.zeros(recipe.hidden))
        self.dropout = nn.Dropout(recipe.dropout)
        self.second = nn.Linear(recipe.hidden, actions)

    def forward(self, places: Tensor, values: Tensor) -> Tensor:
        hidden = torch.relu(self.first(places, per_sample_weights=values) + self.bias)
        return self.second(self.dropout(hidden))  # type: ignore[no-any-return]  # nn.Module's call is untyped


@one_thread()
def fit(book: Book, rows: Sequence[Row], recipe: NextActionRecipe, *, seed: int) -> NextActionModel:
    """The network, not yet calibrated; the same seed, the same network."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    names = sorted({name for story in book.stories for state, _ in story for name in state})
    vocabulary = Vocabulary({name: place for place, name in enumerate(names)}, recipe.states)
    actions = (NOTHING, *sorted({action for story in book.stories for _, action in story}))
    known = {action: place for place, action in enumerate(actions)}
    places, values = _active(rows, vocabulary)
    labels = torch.tensor([known[row.action] for row in rows])
    kept = np.asarray([name.startswith(("intent ", "words ", "did ", "loop ")) for name in names])
    network = _Network(vocabulary.size, len(actions), recipe).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    batches = -(-len(rows) // recipe.batch)
    epochs = max(recipe.epochs, -(-recipe.least_steps // batches))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.rate, total_steps=epochs * batches, pct_start=0.1
    )
    for _ in range(epochs):
        order = chance.permutation(len(rows))
        for start in range(0, len(order), recipe.batch):
            at = order[start : start + recipe.batch]
            seen = _left_out(places[at], values[at], kept, recipe, chance)
            logits = network(torch.from_numpy(places[at]), torch.from_numpy(seen))
            loss = nn.functional.cross_entropy(logits, labels[at], label_smoothing=recipe.smoothing)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    return _served(network, vocabulary, actions)


def _active(rows: Sequence[Row], vocabulary: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The places that are not zero and their values, [rows, most of a row] each; the rest is zero."""
    found = [list(vocabulary.active(row.states)) for row in rows]
    most = max(map(len, found), default=1)
    places = np.zeros((len(rows), most), dtype=np.int64)
    values = np.zeros((len(rows), most), dtype=np.float32)
    for row, active in enumerate(found):
        for column, (place, value) in enumerate(active):
            places[row, column], values[row, column] = place, value
    return places, values


def _left_out(
    places: NDArray[np.int64],
    values: NDArray[np.float32],
    kept: NDArray[np.bool_],
    recipe: NextActionRecipe,
    chance: np.random.Generator,
) -> NDArray[np.float32]:
    """The values without some that a conversation may lack: the states before some point, and single
    features, but never what was said and done just now.
    """
    back, name = np.divmod(places, len(kept))
    reach = np.where(
        chance.random(len(places)) < recipe.forget,
        chance.integers(2, max(3, recipe.states), len(places)),
        recipe.states,
    )
    spared = (back == 0) & kept[name]
    stays = (chance.random(places.shape) >= recipe.drop) | spared
    return np.asarray(values * stays * (back < reach[:, None]), dtype=np.float32)


def _served(network: _Network, vocabulary: Vocabulary, actions: tuple[str, ...]) -> NextActionModel:
    def array(tensor: Tensor) -> NDArray[np.float32]:
        return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)

    return NextActionModel(
        vocabulary=vocabulary,
        actions=actions,
        w1=array(network.first.weight),
        b1=array(network.bias),
        w2=array(network.second.weight.T),
        b2=array(network.second.bias),
        temperature=1.0,
    )
