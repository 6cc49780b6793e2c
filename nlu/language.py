"""Tells English from Chinese by script alone.

Knows code points, not words: a text without Chinese characters counts as the default language, even French.
"""

import re
from collections.abc import Sequence

_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")
_SHARE = 0.2


def cjk_share(text: str) -> float:
    """The share of Chinese characters among the letters of a text, 0.0 to 1.0; 0.0 when it has no letter."""
    letters = len(_LETTER.findall(text))
    return len(_CJK.findall(text)) / letters if letters else 0.0


def words(text: str) -> list[str]:
    """The words of letters alone, two at least: no number, and no code such as HL-654321."""
    return _WORD.findall(text)


def detect_language(text: str, languages: Sequence[str] = ("en", "zh"), *, default: str = "en") -> str:
    """Which of a bot's languages a text is in, or `default` where the script does not tell.

    Chinese when at least a fifth of the letters are Chinese characters. Letters without a Chinese
    character are not Chinese: English if the bot speaks it, else its first other language.

    A Chinese character carries about as much as a word, so a Chinese sentence with an English
    product name in it is still Chinese. Japanese kanji count as Chinese: a script is not a language.
    """
    if not _LETTER.search(text):
        return default
    if cjk_share(text) >= _SHARE:
        return "zh" if "zh" in languages else default
    others = [language for language in languages if language != "zh"]
    if default in others or not others:
        return default
    return "en" if "en" in others else others[0]
