"""Which annotated mentions are worth looking up everywhere.

Knows mentions and texts; knows no corpus and no tagger.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence


def mostly_marked(mentions: Iterable[tuple[str, str]], texts: Sequence[str]) -> dict[str, list[str]]:
    """The words of (entity, words) by entity, each once. Words that more texts hold unmarked than marked are
    words like any other, and would be found everywhere.
    """
    found: dict[str, Counter[str]] = {}
    for entity, mention in mentions:
        found.setdefault(entity, Counter())[mention] += 1
    kept = {
        entity: sorted(words for words, marked in counts.items() if 2 * marked >= _holding(texts, words))
        for entity, counts in found.items()
    }
    return {entity: words for entity, words in kept.items() if words}


def _holding(texts: Sequence[str], mention: str) -> int:
    """How many texts hold a mention, a Latin one as words of its own."""
    whole = re.compile(
        rf"(?<![^\W_]){re.escape(mention)}(?![^\W_])" if mention.isascii() else re.escape(mention)
    )
    return sum(mention in text and whole.search(text) is not None for text in texts)
