"""Texts to sparse features: hashed words, character n-grams of words, and n-grams of Chinese runs.

Knows hashing only. The encoder's vocabulary has some 500 Chinese characters; these features have all of them.
"""

import re
import unicodedata
import zlib

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_FIRST_CJK = "\u3400"
_MAX_CHARACTERS = 512


def grams(text: str) -> list[str]:
    """The features of a text, repeats included.

    A Chinese run gives its 1- to 3-grams, a word gives itself and its 3- and 4-grams.
    """
    folded = unicodedata.normalize("NFKC", text[:_MAX_CHARACTERS]).casefold()
    found: list[str] = []
    for run in _RUN.findall(folded):
        if run[0] >= _FIRST_CJK:
            sizes, piece = range(1, 4), run
        else:
            sizes, piece = range(3, 5), f"<{run}>"
            found.append(piece)
        found.extend(piece[i : i + n] for n in sizes for i in range(len(piece) - n + 1))
    return found


def buckets(text: str, *, size: int) -> list[int]:
    """The distinct hash buckets of a text's features, ascending, each in [0, size)."""
    return sorted({zlib.crc32(gram.encode()) % size for gram in grams(text)})
