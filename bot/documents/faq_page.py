"""Questions and answers that a page marks for search engines: JSON-LD of schema.org's FAQPage.

Knows that one type of data; everything else in scripts is left alone. https://schema.org/FAQPage
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.documents.block import Block
from bot.project.html_text import flatten

_DEEPEST = 6


def faq_blocks(scripts: Iterable[str]) -> Iterator[tuple[Block, Block, Block]]:
    """Each question with its answer and an end; data that is no JSON is passed over."""
    for script in scripts:
        try:
            value = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for page in _typed(value, "FAQPage", _DEEPEST):
            for question in _typed(page.get("mainEntity"), "Question", _DEEPEST):
                asked, answer = _text(question, "name"), _answer(question)
                if asked and answer:
                    yield Block("question", " ".join(asked.split())), Block("text", answer), Block("end")


def _typed(value: Any, name: str, depth: int) -> Iterator[dict[str, Any]]:
    """The objects of a type in a value, in a list of such, or in a graph."""
    if isinstance(value, list) and depth:
        for item in value:
            yield from _typed(item, name, depth - 1)
    elif isinstance(value, dict):
        kind = value.get("@type")
        if name in (kind if isinstance(kind, list) else [kind]):
            yield value
        elif depth:
            yield from _typed(value.get("@graph"), name, depth - 1)


def _answer(question: dict[str, Any]) -> str:
    found = next(_typed(question.get("acceptedAnswer"), "Answer", _DEEPEST), {})
    return _text(found, "text")


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    return flatten(text) if isinstance(text, str) else ""
