"""Finds the entities that annotated examples teach: a small network over the encoder's token vectors and a
chain of tags.

Knows numpy arithmetic and two files; knows no encoder, no tables and no slots.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from nlu.chain import Chain, Scores, stretch_probability
from nlu.errors import PartUnreadable
from nlu.units import Mention, Unit, cut, unit_buckets, unit_vectors, windows

FORMAT = 1
WEIGHTS, SETTINGS = "tagger.safetensors", "tagger.json"
MOST_UNITS = 256  # what stands further behind is not tagged


class TokenVectors(Protocol):
    """What an encoder gives of a text: vectors [tokens, width], and where each token stands, [tokens, 2] in
    code points.
    """

    @property
    def vectors(self) -> NDArray[np.float32]: ...

    @property
    def places(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True)
class Label:
    """What a stretch of text is: an entity, perhaps in a role or of a group."""

    entity: str
    role: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """text[start:end] (code points) is taken for `label`, with the calibrated probability of just that."""

    label: Label
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class Network:
    """Scores of the tags of each unit: one hidden layer over the vectors of a unit and its neighbours, plus
    the summed rows of its hashed features. Tag 0 is outside, 2k+1 begins label k, 2k+2 goes on with it.
    """

    w1: Scores  # [3 * width, hidden]
    b1: Scores
    w2: Scores  # [hidden, tags]
    b2: Scores
    features: Scores  # [buckets, tags]

    def emissions(self, windowed: Scores, buckets: Sequence[Sequence[int]]) -> Scores:
        """[units, tags]. The torch twin in training/tagger.py computes the same."""
        hidden = np.maximum(windowed @ self.w1 + self.b1, 0.0)
        looks = np.stack([self.features[rows].sum(axis=0) for rows in buckets])
        return np.asarray(hidden @ self.w2 + self.b2 + looks, dtype=np.float32)


class Tagger:
    """A trained and calibrated tagger. Immutable, so safe to call from several threads."""

    def __init__(self, network: Network, chain: Chain, settings: Mapping[str, Any]) -> None:
        self._network = network
        self._chain = chain
        self.labels = tuple(Label(**label) for label in settings["labels"])
        self._slope, self._offset = (float(value) for value in settings["calibration"])
        self._least = float(settings["least"])

    @classmethod
    def load(cls, folder: Path) -> "Tagger":
        """Loads tagger.json and tagger.safetensors of a bundle's `entities`. Raises PartUnreadable."""
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder}: a tagger of format {settings['format']!r}, not {FORMAT}.")
            tensors = {k: np.asarray(v, dtype=np.float32) for k, v in load_file(folder / WEIGHTS).items()}
            chain = Chain(*(tensors.pop(name) for name in ("following", "beginning", "ending")))
            return cls(Network(**tensors), chain, settings)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise PartUnreadable(f"{folder} holds no readable tagger ({error!r}); train anew.") from error

    def tag(
        self,
        text: str,
        tokens: TokenVectors,
        *,
        known: Sequence[Mention] = (),
    ) -> tuple[Tagged, ...]:
        """The mentions in a text by their start, none overlapping. `tokens` are the encoder's of this text;
        `known` is what tables and expressions found in it.
        """
        units = cut(text)[:MOST_UNITS]
        if not units:
            return ()
        buckets = unit_buckets(text, units, known, size=len(self._network.features))
        emissions = self._network.emissions(
            windows(unit_vectors(units, tokens.places, tokens.vectors)), buckets
        )
        stretches = stretches_of(self._chain.best(emissions))
        if not stretches:
            return ()
        before, behind = self._chain.forward(emissions), self._chain.backward(emissions)
        found = []
        for label, start, end in stretches:
            probability = self._calibrated(
                stretch_probability(
                    self._chain, emissions, before, behind, start=start, end=end, first=2 * label + 1
                )
            )
            if probability >= self._least:
                found.append(self._tagged(units, label, start, end, probability))
        return tuple(found)

    def _tagged(self, units: Sequence[Unit], label: int, start: int, end: int, probability: float) -> Tagged:
        return Tagged(self.labels[label], units[start][0], units[end - 1][1], probability)

    def _calibrated(self, probability: float) -> float:
        """Platt's scaling of the chain's own probability."""
        inner = min(max(probability, 1e-6), 1 - 1e-6)
        score = self._slope * np.log(inner / (1 - inner)) + self._offset
        return float(1 / (1 + np.exp(-score)))


def stretches_of(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    """(label, first unit, unit behind the last) of each labelled stretch; one that does not begin with its
    beginning tag begins all the same.
    """
    found: list[tuple[int, int, int]] = []
    for at, tag in enumerate(tags):
        if tag == 0:
            continue
        label = (tag - 1) // 2
        if tag % 2 == 0 and found and found[-1][2] == at and found[-1][0] == label:
            found[-1] = (label, found[-1][1], at + 1)
        else:
            found.append((label, at, at + 1))
    return found
