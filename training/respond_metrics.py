"""How near a text comes to the one a person wrote: BLEU, ROUGE-L and chrF, each from 0 to 100.

Knows strings. Chinese characters count as words. Does not know models or where the texts come from.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[\u3400-\u9fff]|\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """Lower-case words and signs; a Chinese character is a word."""
    return _WORD.findall(text.lower())


def bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    """Corpus BLEU-4 with one reference each and the brevity penalty (Papineni et al. 2002), unsmoothed."""
    matched, possible = [0] * 4, [0] * 4
    said, wanted = 0, 0
    for text, reference in zip(texts, references, strict=True):
        mine, theirs = words(text), words(reference)
        said, wanted = said + len(mine), wanted + len(theirs)
        for n in range(1, 5):
            ours = _grams(mine, n)
            matched[n - 1] += (ours & _grams(theirs, n)).total()
            possible[n - 1] += ours.total()
    if not said or min(matched) == 0:
        return 0.0
    precision = math.exp(sum(math.log(m / p) for m, p in zip(matched, possible, strict=True)) / 4)
    return 100.0 * precision * min(1.0, math.exp(1.0 - wanted / said))


def rouge_l(text: str, reference: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004)."""
    mine, theirs = words(text), words(reference)
    common = _longest_common(mine, theirs)
    return 200.0 * common / (len(mine) + len(theirs)) if common else 0.0


def chrf(text: str, reference: str) -> float:
    """chrF2: F-score of character n-grams up to six, recall weighing twice, no spaces (Popović 2015)."""
    mine, theirs = "".join(text.split()), "".join(reference.split())
    scores = []
    for n in range(1, 7):
        ours, wanted = _grams(mine, n), _grams(theirs, n)
        if not ours or not wanted:
            continue
        common = (ours & wanted).total()
        precision, recall = common / ours.total(), common / wanted.total()
        scores.append(5 * precision * recall / (4 * precision + recall) if common else 0.0)
    return 100.0 * sum(scores) / len(scores) if scores else 0.0


def mean(values: Sequence[float]) -> float:
    """The mean; 0 for none."""
    return sum(values) / len(values) if values else 0.0


def _grams(items: Sequence[str], n: int) -> Counter[Sequence[str]]:
    if isinstance(items, str):
        return Counter(items[i : i + n] for i in range(len(items) - n + 1))
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _longest_common(mine: Sequence[str], theirs: Sequence[str]) -> int:
    row = [0] * (len(theirs) + 1)
    for word in mine:
        diagonal = 0
        for column, other in enumerate(theirs, start=1):
            above = row[column]
            row[column] = diagonal + 1 if word == other else max(above, row[column - 1])
            diagonal = above
    return row[-1]
