"""Chinese read through a dictionary: each word becomes its English gloss, which an English encoder can read.

Knows one table of words and how to cut a text into them; knows no encoder. The packaged MiniLM knows 488
Chinese characters; word-for-word glosses give it the rest of the language, roughly but in the same space as
English.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import EncoderUnreadable

Place = tuple[int, int]
"""Where a stretch of a text begins and ends, in code points."""

FILE = "gloss.tsv"
LONGEST_WORD = 8
_RUN = re.compile(r"[\u4e00-\u9fff]+")
# Grammatical particles: their glosses are remarks about grammar, which only mislead.
_PARTICLES = frozenset((*"的了吗呢啊吧呀哦嘛着地得么个", "一下", "请问"))
_UNKNOWN_COST = 20.0  # of a character that is no word: about the rarest word's


@dataclass(frozen=True, slots=True)
class Gloss:
    """What a word means, and how much a cut that uses it costs: minus its log frequency."""

    cost: float
    english: str


class Glossary:
    """Immutable, so safe to use from several threads."""

    def __init__(self, words: dict[str, Gloss]) -> None:
        self._words = words

    @classmethod
    def load(cls, path: Path) -> "Glossary":
        """The table that training wrote: word, cost, gloss a line; lines with # are remarks. Raises
        EncoderUnreadable.
        """
        words: dict[str, Gloss] = {}
        try:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    if not line.startswith("#"):
                        word, cost, english = line.rstrip("\n").split("\t")
                        words[word] = Gloss(float(cost), english)
        except (OSError, ValueError) as error:
            raise EncoderUnreadable(f"{path} is no readable glossary ({error}); train anew.") from error
        return cls(words)

    def read(self, text: str) -> str:
        """The text with every run of Chinese characters glossed; what is not Chinese stays as it is."""
        return self.placed(text)[0]

    def placed(self, text: str) -> tuple[str, list[Place]]:
        """What `read` gives, and for each character of it the place in `text` that it stands for: of a gloss
        the whole Chinese word, else the character itself.
        """
        words: list[str] = []
        places: list[Place] = []
        after = 0
        for run in _RUN.finditer(text):
            self._add_as_is(text, after, run.start(), words, places)
            self._add_glossed(text, run.start(), run.end(), words, places)
            after = run.end()
        self._add_as_is(text, after, len(text), words, places)
        return "".join(words), places

    def _add_as_is(self, text: str, start: int, end: int, words: list[str], places: list[Place]) -> None:
        words.append(text[start:end])
        places.extend((i, i + 1) for i in range(start, end))

    def _add_glossed(self, text: str, start: int, end: int, words: list[str], places: list[Place]) -> None:
        """The words of a run, a space before each and behind the last."""
        at, begun = start, len(words)
        for word in self.cut(text[start:end]):
            place = (at, at + len(word))
            at = place[1]
            if word not in _PARTICLES:
                known = self._words.get(word)
                words.append(f" {known.english if known else word}")
                places.extend([place] * len(words[-1]))
        words.append(" " if len(words) > begun else "  ")
        places.extend([(end, end)] * len(words[-1]))

    def cut(self, run: str) -> list[str]:
        """The likeliest words of a run of Chinese characters, by unigram probability (the Viterbi cut)."""
        costs, starts = [0.0] + [math.inf] * len(run), [0] * (len(run) + 1)
        for start in range(len(run)):
            for end in range(start + 1, min(start + LONGEST_WORD, len(run)) + 1):
                known = self._words.get(run[start:end])
                if known is None and end > start + 1:
                    continue
                cost = costs[start] + (known.cost if known else _UNKNOWN_COST)
                if cost < costs[end]:
                    costs[end], starts[end] = cost, start
        words, end = [], len(run)
        while end:
            words.append(run[starts[end] : end])
            end = starts[end]
        return words[::-1]
