"""Tells what language a document is in: by its script, and among those in Latin letters by its small words.

Knows the commonest words of some languages, which no two of them share. Of a short text nothing is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.project.language import guess_language, primary

_SMALL_WORDS = {
    "en": "the and of to with for that this you your from which by it have not when",
    "de": "der und die das den dem nicht mit ist ein eine auf für sie wir werden von zu wenn oder",
    "fr": "le les et des du une est vous nous pour dans avec sur pas votre qui au cette",
    "es": "el los las y del una es por con para usted su no se que puede como más",
    "it": "il gli di della che per con non è sono una del nel alla può questo",
    "pt": "os do da uma não com para você em seu que ao pode mais",
    "nl": "het een en van de niet met voor dat zijn je uw wordt ook aan op bij",
}
NAMES = {
    "ar": "Arabic",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "th": "Thai",
    "zh": "Chinese",
}
_OF = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")  # no part of a code
_ENOUGH = 8  # small words, below which a text is too short to tell
_CLEARLY = 1.5


def spoken_language(text: str, languages: Sequence[str]) -> str:
    """The language of `text`: one of `languages` where it may be that, in their spelling."""
    likely = guess_language(text, languages)
    by_script = guess_language(text, ("en",))
    if by_script != "en":
        return likely
    counts: Counter[str] = Counter()
    for word in _WORD.findall(text.casefold()):
        counts.update(code for code, words in _OF.items() if word in words)
    if not counts:
        return likely
    best, most = counts.most_common(1)[0]
    own = max((counts[primary(code)] for code in languages), default=0)
    if most < _ENOUGH or most < _CLEARLY * own:
        best = max(languages, key=lambda code: counts[primary(code)]) if own else primary(likely)
    return next((code for code in languages if primary(code) == best), best)
