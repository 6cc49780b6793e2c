"""The words of stories as customers may put them: what a message that means the same would be like.

Knows steps by the names of their features and the words' vectors; knows no network. A wording nobody wrote
stands at some angle to the told one, in a direction of chance; what it is like is then told as a reading
tells it. Beside a named intent the message's vector was measured to add nothing.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nlu.next_action import StoryWords
from training.story_rows import LISTEN, Step, Steps

_KIND = "words "
AS_TOLD = 0.1  # share of the messages that are said word for word
LEAST_COSINE = 0.3  # of a message to the told words that it stands for


def words_told(stories: Iterable[Steps]) -> tuple[str, ...]:
    """What customers say in these stories where no intent is named."""
    names = {name for steps in stories for state, _ in steps for name in state if name.startswith(_KIND)}
    return tuple(sorted(name.removeprefix(_KIND) for name in names))


def reworded(
    made: Iterable[tuple[Steps, int]], words: StoryWords, *, seed: int
) -> Iterator[tuple[Steps, int]]:
    """The conversations with each message in other words; the same seed, the same words."""
    chance = np.random.default_rng((seed, len(words.texts)))
    places = {text: place for place, text in enumerate(words.texts)}
    for steps, first in made:
        yield tuple(_otherwise(steps, words, places, chance)) if places else steps, first


def _otherwise(
    steps: Steps, words: StoryWords, places: dict[str, int], chance: np.random.Generator
) -> Iterator[Step]:
    like: dict[str, float] = {}
    for state, action in steps:
        told = next((name for name in state if name.startswith(_KIND)), None)
        if told is None:
            yield state, action
            continue
        if f"did {LISTEN}" in state:  # said just now; the steps that follow answer the same message
            vector = _near(words.vectors[places[told.removeprefix(_KIND)]], chance)
            like = {f"{_KIND}{text}": score for text, score in words.like(vector)}
        yield {name: value for name, value in state.items() if name != told} | like, action


def _near(vector: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A vector of length 1 at an angle of chance to this one."""
    if chance.random() < AS_TOLD:
        return vector
    cosine = chance.uniform(LEAST_COSINE, 1.0)
    aside = chance.standard_normal(len(vector)).astype(np.float32)
    aside -= (aside @ vector) * vector
    aside /= np.linalg.norm(aside)
    return np.asarray(cosine * vector + np.sqrt(1.0 - cosine**2) * aside, dtype=np.float32)
