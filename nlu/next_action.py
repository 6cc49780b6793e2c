"""The last states of a conversation to the bot's next action, with a calibrated probability.

Knows named features, numpy arithmetic and two files; what the features stand for is the bot's
(bot/dialogue/features.py) and training's. Beside them lie the words that stories tell, as vectors, for the
reader to compare a message with.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlu.errors import PartUnreadable

FORMAT, FORMAT_WITH_WORDS = 1, 2
WEIGHTS, SETTINGS = "next_action.safetensors", "next_action.json"
# Cosines: the likest words of stories must be LIKE_ENOUGH, others then count from LEAST_LIKE on. Chosen on
# the development conversations of tests/benchmarks/told_in_words.py.
LIKE_ENOUGH, LEAST_LIKE, MOST_LIKE = 0.45, 0.3, 5
NOTHING = ""  # stands among the actions for a message that the stories have no answer to here

Features = Mapping[str, float]
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features by name, each with its place in the part of one state, and how many states are seen."""

    places: Mapping[str, int]
    states: int

    @property
    def size(self) -> int:
        """The length of the vector of all states."""
        return len(self.places) * self.states

    def active(self, states: Sequence[Features]) -> Iterator[tuple[int, float]]:
        """The places of the vector that are not zero, with their values; the newest state comes first in it.
        A name that is not known counts for nothing.
        """
        for back, state in enumerate(reversed(states[-self.states :])):
            for name, value in state.items():
                if name in self.places:
                    yield back * len(self.places) + self.places[name], value


@dataclass(frozen=True, slots=True)
class StoryWords:
    """What customers say in stories that name no intent, each with its vector by the bundle's encoder."""

    texts: tuple[str, ...] = ()
    vectors: Array = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))  # [texts, dim]

    def like(self, vector: Array) -> list[tuple[str, float]]:
        """Which of them a message is like, by its vector, each with the cosine; the likest first."""
        if not self.texts:
            return []
        scores = self.vectors @ vector
        order = np.argsort(-scores, kind="stable")[:MOST_LIKE]
        if scores[order[0]] < LIKE_ENOUGH:
            return []
        return [
            (self.texts[at], round(min(float(scores[at]), 1.0), 4))
            for at in order
            if scores[at] >= LEAST_LIKE
        ]


@dataclass(frozen=True, slots=True)
class NextActionModel:
    """A network of one hidden layer over the features of the last states. Immutable."""

    vocabulary: Vocabulary
    actions: tuple[str, ...]
    w1: Array  # [features of all states, hidden]
    b1: Array
    w2: Array  # [hidden, actions]
    b2: Array
    temperature: float
    words: StoryWords = field(default_factory=StoryWords)

    def logits(self, states: Sequence[Features]) -> Array:
        """Unscaled scores [actions]. The torch twin in training/next_action.py computes the same."""
        found = list(self.vocabulary.active(states))
        places = np.asarray([place for place, _ in found], dtype=np.intp)
        values = np.asarray([value for _, value in found], dtype=np.float32)
        hidden = np.maximum(values @ self.w1[places] + self.b1, 0.0)
        return np.asarray(hidden @ self.w2 + self.b2, dtype=np.float32)

    def chances(self, states: Sequence[Features]) -> dict[str, float]:
        """The probability of each action after these states, the newest last; NOTHING is among them."""
        scaled = self.logits(states).astype(np.float64) / self.temperature
        shares = np.exp(scaled - scaled.max())
        return dict(zip(self.actions, (shares / shares.sum()).tolist(), strict=True))

    def read(self, states: Sequence[Features]) -> tuple[str | None, float]:
        """The likeliest of them, and its probability; None for none."""
        chances = self.chances(states)
        best = max(chances, key=chances.__getitem__)
        return best or None, chances[best]

    def save(self, folder: Path) -> None:
        """Two files, as load() reads them."""
        arrays = {"w1": self.w1, "b1": self.b1, "w2": self.w2, "b2": self.b2}
        if self.words.texts:
            arrays["vectors"] = self.words.vectors
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / WEIGHTS)
        settings = {
            "format": FORMAT_WITH_WORDS if self.words.texts else FORMAT,
            "features": sorted(self.vocabulary.places, key=self.vocabulary.places.__getitem__),
            "states": self.vocabulary.states,
            "actions": self.actions,
            "temperature": self.temperature,
            **({"words": self.words.texts} if self.words.texts else {}),
        }
        text = json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "NextActionModel":
        """Reads what `save` writes. Raises PartUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] not in (FORMAT, FORMAT_WITH_WORDS):
                told = f"{folder} has format {settings['format']!r}, not {FORMAT} or {FORMAT_WITH_WORDS}"
                raise PartUnreadable(f"{told}; train anew.")
            arrays = load_file(folder / WEIGHTS)
            vectors = {"vectors": arrays.pop("vectors")} if "vectors" in arrays else {}
            places = {str(name): place for place, name in enumerate(settings["features"])}
            model = cls(
                vocabulary=Vocabulary(places, int(settings["states"])),
                actions=tuple(settings["actions"]),
                temperature=float(settings["temperature"]),
                words=StoryWords(tuple(settings.get("words", ())), **vectors),
                **arrays,
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(f"{folder} cannot be read ({error!r}); train it again.") from error
        size, hidden, actions = model.vocabulary.size, len(model.b1), len(model.actions)
        shapes = (model.w1.shape, model.w2.shape, model.b2.shape)
        whole = len(model.words.texts) == len(model.words.vectors)
        if shapes != ((size, hidden), (hidden, actions), (actions,)) or not actions or not whole:
            raise PartUnreadable(f"{folder}: the arrays are of another shape; train the part again.")
        return model
