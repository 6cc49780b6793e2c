"""The last states of a conversation to the bot's next action, with a calibrated probability.

Knows named features, numpy arithmetic and two files; what the features stand for is the bot's
(bot/dialogue/features.py) and training's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlu.errors import PartUnreadable

FORMAT = 1
WEIGHTS, SETTINGS = "next_action.safetensors", "next_action.json"
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
class NextActionModel:
    """A network of one hidden layer over the features of the last states. Immutable."""

    vocabulary: Vocabulary
    actions: tuple[str, ...]
    w1: Array  # [features of all states, hidden]
    b1: Array
    w2: Array  # [hidden, actions]
    b2: Array
    temperature: float

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
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / WEIGHTS)
        settings = {
            "format": FORMAT,
            "features": sorted(self.vocabulary.places, key=self.vocabulary.places.__getitem__),
            "states": self.vocabulary.states,
            "actions": self.actions,
            "temperature": self.temperature,
        }
        text = json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "NextActionModel":
        """Reads what `save` writes. Raises PartUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder} has format {settings['format']!r}, not {FORMAT}; train anew.")
            places = {str(name): place for place, name in enumerate(settings["features"])}
            model = cls(
                vocabulary=Vocabulary(places, int(settings["states"])),
                actions=tuple(settings["actions"]),
                temperature=float(settings["temperature"]),
                **load_file(folder / WEIGHTS),
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(f"{folder} cannot be read ({error!r}); train it again.") from error
        size, hidden, actions = model.vocabulary.size, len(model.b1), len(model.actions)
        shapes = (model.w1.shape, model.w2.shape, model.b2.shape)
        if shapes != ((size, hidden), (hidden, actions), (actions,)) or not actions:
            raise PartUnreadable(f"{folder}: the arrays are of another shape; train the part again.")
        return model
