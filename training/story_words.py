"""The words of stories as customers may put them: what a message that means the same would be like.

Knows steps by the names of their features and the words' vectors; knows no network. A wording nobody wrote
stands at some angle to the told one, in a direction of chance; what it is like is then told as a reading
tells it. Beside a named intent the message's vector was measured to add nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlu.next_action import LIKE_ENOUGH, NOTHING, StoryWords
from training.story_rows import LISTEN, OUT_OF_PLACE, Step, Steps, said_last

_KIND = "words "
AS_TOLD = 0.1  # share of the messages that are said word for word
MOST_OTHERS = 1000  # messages that no story tells


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words that stories tell, and `others`: the vectors [texts, dim] of messages that none tells."""

    words: StoryWords = field(default_factory=StoryWords)
    others: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    def varied(self, made: Iterable[tuple[Steps, int]], *, seed: int) -> Iterator[tuple[Steps, int]]:
        """The conversations with each message in other words, and of a share of them the beginning and then a
        message that no story tells, though it is a little like one. The same seed, the same words.
        """
        chance = np.random.default_rng((seed, len(self.others)))
        places = {text: place for place, text in enumerate(self.words.texts)}
        strays = [like for like in (_like(self.words, vector) for vector in self.others) if like]
        for told, first in made:
            steps = tuple(_otherwise(told, self.words, places, chance)) if places else told
            yield steps, first
            listens = [place for place, (_, action) in enumerate(steps) if action == LISTEN]
            if strays and listens and chance.random() < OUT_OF_PLACE:
                place = listens[chance.integers(len(listens))]
                last = said_last(steps[place][0], strays[chance.integers(len(strays))])
                yield (*steps[: place + 1], (last, NOTHING)), place + 1


def spoken(
    stories: Iterable[Steps], examples: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]]
) -> Spoken:
    """What customers say in these stories where no intent is named, beside some `examples` of intents."""
    names = {name for steps in stories for state, _ in steps for name in state if name.startswith(_KIND)}
    if not names:
        return Spoken()
    texts = tuple(sorted(name.removeprefix(_KIND) for name in names))
    step = -(-len(examples) // MOST_OTHERS) or 1
    return Spoken(StoryWords(texts, encode(texts)), encode(examples[::step]))


def _like(words: StoryWords, vector: NDArray[np.float32]) -> dict[str, float]:
    return {f"{_KIND}{text}": score for text, score in words.like(vector)}


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
            like = _like(words, vector)
        yield {name: value for name, value in state.items() if name != told} | like, action


def _near(vector: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A vector of length 1 at an angle of chance to this one."""
    if chance.random() < AS_TOLD:
        return vector
    cosine = chance.uniform(LIKE_ENOUGH, 1.0)
    aside = chance.standard_normal(len(vector)).astype(np.float32)
    aside -= (aside @ vector) * vector
    aside /= np.linalg.norm(aside)
    return np.asarray(cosine * vector + np.sqrt(1.0 - cosine**2) * aside, dtype=np.float32)
