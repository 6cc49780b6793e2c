"""Guesses a text's language from its script where a file does not name it, and compares texts.

Knows scripts; tells no two languages of one script apart, so a text in Latin letters is in the project's
first Latin-script language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_SCRIPTS = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK UNIFIED", "zh"),
    ("CYRILLIC", "ru"),
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("GREEK", "el"),
    ("THAI", "th"),
    ("DEVANAGARI", "hi"),
)
_SHARE = 0.2
_NOT_LATIN = frozenset(language for _, language in _SCRIPTS)


def guess_language(text: str, languages: Sequence[str]) -> str:
    """The language of `text`: by its script, else the first of `languages` in Latin letters."""
    letters = [char for char in text if char.isalpha()]
    names = [unicodedata.name(char, "") for char in letters if not char.isascii()]
    for script, language in _SCRIPTS:
        # A fifth, as nlu.language has it: a Chinese sentence may hold an English product name.
        if sum(name.startswith(script) for name in names) > _SHARE * len(letters):
            return next((known for known in languages if primary(known) == language), language)
    return next((known for known in languages if primary(known) not in _NOT_LATIN), languages[0])


def primary(code: str) -> str:
    """The language part of a code: `zh` of `zh-CN` or `zh_TW`."""
    return code.replace("_", "-").split("-")[0].lower()


def folded(text: str) -> str:
    """A text as it is compared: width, case, spacing and closing punctuation aside."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.split()).strip(" .!?。！？")
