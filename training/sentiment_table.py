"""Reads sentiment.tsv: what customers may say in every mood, in English and Chinese, and makes sentences of
it.

Knows the table's columns and three ways to vary a sentence; no model. Every sentence was written for this
project; none is out of a data set.

A row holds sentences that mean much the same, apart by |; {name} stands for one of the phrases that the rows
{name} hold. Labels: `angry` (furious, insulting, bitterly sarcastic, threatening), `negative` (displeased or
sad, without anger; a fault of the service told with regret), `neutral` (wishes, questions, symptoms, chat)
and
`positive` (thanks, praise, joy). A customer who is ill is not displeased: symptoms are neutral.
"""

import csv
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from training.errors import CorpusInvalid

LABELS = ("angry", "negative", "neutral", "positive")
LANGUAGES = ("en", "zh")
FILLED = 2  # sentences made of one that has a place to fill
JOINED = 500  # sentences made of two
JOINED_WEIGHT = 0.64
VARIED_SHARE = 0.5
VARIED_WEIGHT = 1.4

_PLACE = re.compile(r"\{(\w+)\}")
_ENDS = ".!?。！？"
# What two sentences make together: a wish after an insult is still an insult.
_PAIRS = (
    ("neutral", "angry", "angry"),
    ("angry", "neutral", "angry"),
    ("neutral", "negative", "negative"),
    ("negative", "neutral", "negative"),
    ("neutral", "positive", "positive"),
    ("positive", "neutral", "positive"),
    ("negative", "angry", "angry"),
    ("neutral", "neutral", "neutral"),
    ("positive", "positive", "positive"),
    ("negative", "negative", "negative"),
    ("neutral", "neutral", "neutral"),
    ("angry", "angry", "angry"),
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence to learn from. `rows` are those of the table it comes from; `plain` ones were neither varied
    nor joined. `tells_anger`: whether `negative` means without anger.
    """

    text: str
    label: str
    language: str
    rows: tuple[int, ...]
    weight: float = 1.0
    plain: bool = True
    tells_anger: bool = True


def make_sentences(languages: Sequence[str], *, seed: int) -> list[Sentence]:
    """The table's sentences in these languages (English where it has none of them), some of them also
    shouted, whispered and joined. The same seed gives the same sentences.
    """
    spoken = [language for language in LANGUAGES if language in languages] or ["en"]
    chance = random.Random(seed)
    plain = [sentence for sentence in _filled(chance) if sentence.language in spoken]
    return [*plain, *_varied(plain, chance), *_joined(plain, spoken, chance)]


def _filled(chance: random.Random) -> list[Sentence]:
    rows = _read()
    phrases = {
        label[1:-1]: {language: cells[language].split("|") for language in LANGUAGES}
        for label, cells in rows
        if label.startswith("{")
    }
    made: dict[tuple[str, str], Sentence] = {}
    for number, (label, cells) in enumerate(rows):
        for language in LANGUAGES if label in LABELS else ():
            for sentence in filter(None, cells[language].split("|")):
                times = FILLED if _PLACE.search(sentence) else 1
                for _ in range(times):
                    text = _fill(sentence, phrases, language, chance)
                    made.setdefault((text, label), Sentence(text, label, language, (number,), 1 / times))
    return list(made.values())


def _fill(
    sentence: str, phrases: Mapping[str, Mapping[str, Sequence[str]]], language: str, chance: random.Random
) -> str:
    text = _PLACE.sub(lambda place: chance.choice(phrases[place[1]][language]), sentence)
    return text[:1].upper() + text[1:] if sentence.startswith("{") else text


def _varied(plain: Sequence[Sentence], chance: random.Random) -> list[Sentence]:
    """Half of them anew with other marks and letters: joy shouts too, and anger may be quiet."""
    made = []
    for sentence in plain:
        bare = sentence.text.rstrip(_ENDS)
        if bare and chance.random() < VARIED_SHARE:
            text = _marked(bare, sentence.label, "！" if sentence.language == "zh" else "!", chance.random())
            if text != sentence.text:
                made.append(replace(sentence, text=text, weight=sentence.weight * VARIED_WEIGHT, plain=False))
    return made


def _marked(bare: str, label: str, bang: str, draw: float) -> str:
    """By the draw (0..1): without its mark, shouted in marks or in capitals."""
    shouted = {"angry": 0.1, "negative": 0.25, "neutral": 0.3, "positive": 0.6}[label]
    capitals = {"angry": 0.15, "negative": 0.0, "neutral": 0.08, "positive": 0.08}[label]
    if draw < shouted:
        return bare + bang * (1 + int(3 * draw / shouted) if label == "positive" else 1)
    return (bare + bang).upper() if draw < shouted + capitals else bare.lower()


def _joined(plain: Sequence[Sentence], spoken: Sequence[str], chance: random.Random) -> list[Sentence]:
    said: dict[tuple[str, str], list[Sentence]] = {}
    for sentence in plain:
        said.setdefault((sentence.label, sentence.language), []).append(sentence)
    made = []
    for number in range(JOINED):
        one, other, label = _PAIRS[number % len(_PAIRS)]
        language = chance.choice(spoken)
        first, second = chance.choice(said[one, language]), chance.choice(said[other, language])
        text = _after(first.text.rstrip(), second.text, language)
        rows = first.rows + second.rows
        made.append(Sentence(text, label, language, rows, JOINED_WEIGHT, plain=False))
    return made


def _after(first: str, second: str, language: str) -> str:
    ended = first.endswith((*_ENDS, "…"))
    if language == "zh":
        return first + ("" if ended else "，") + second
    return f"{first if ended else first + '.'} {second}"


def _read() -> list[tuple[str, Mapping[str, str]]]:
    """(label, cells by language) of every row of the table that ships with this package. Raises CorpusInvalid
    naming the line at fault.
    """
    text = (files("training") / "sentiment.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    found: list[tuple[str, Mapping[str, str]]] = []
    for line, row in enumerate(rows, 2):
        label = row["label"]
        if not (label in LABELS or _PLACE.fullmatch(label)) or not (row["en"] or row["zh"]):
            raise CorpusInvalid(
                f"sentiment.tsv line {line}: one of {', '.join(LABELS)}, and a sentence of it."
            )
        found.append((label, row))
    return found
