"""Cuts a message into clauses that may each make a request of their own.

Knows punctuation and joining words of English and Chinese; knows no intents.
"""

import re

from nlu.language import cjk_share

Place = tuple[int, int]

LEAST_WORDS = 7  # of a message that is looked at; a Chinese character counts half
LEAST_CLAUSE = 2.0
_JOIN = re.compile(
    r"[.!?;\n]+\s+|[。！？；\n]+|，(?=另外|还有|还想|顺便|同时|并且|再|也)"
    r"|[,，]?\s+(?:and|but|also|plus|then)\s+(?:also\s+|then\s+)?(?=(?:i|can|could|how|what|when|where|why|who|do|"
    r"does|is|are|please|tell|help|send|give|show|my|the)\b)"
    r"|(?<!^)(?=另外|还有就是|顺便|以及怎么|并且)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


def clauses(text: str) -> tuple[Place, ...]:
    """Where the clauses stand, in code points; one place where the message is short or not joined."""
    if _weight(text) < LEAST_WORDS:
        return ((0, len(text)),)
    cuts = [found.span() for found in _JOIN.finditer(text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    found = [
        place for place in zip(starts, ends, strict=True) if _weight(text[slice(*place)]) >= LEAST_CLAUSE
    ]
    return tuple(found) if len(found) > 1 else ((0, len(text)),)


def _weight(text: str) -> float:
    """Words, of which a Chinese character is half a one."""
    found = _WORD.findall(text)
    return len(found) / 2 if cjk_share(text) > 0.5 else float(len(found))
