"""Questions that a text marks by `Q:` and `A:`, in several languages, as blocks.

Knows these marks; questions by a document's structure are its reader's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.documents.block import Block, Kind

_Q = r"(?:Q|Question|Frage|F|Pregunta|Domanda|Pergunta|问题?|問題?)\s*\d{0,3}\s*[:：]"
_A = r"(?:A|Answer|Antwort|Réponse|R|Respuesta|Risposta|Resposta|答案?|回答)\s*\d{0,3}\s*[:：]"
_MARKED = re.compile(rf"(?:^|(?<=\s))(?:\d{{1,3}}[.)]\s*)?(?:(?P<q>{_Q})|(?P<a>{_A}))\s*")
_BEGINS_Q, _BEGINS_A = (
    re.compile(rf"(?:[-–]\s+|\d{{1,3}}[.)]\s*)?{_Q}\s*"),
    re.compile(rf"(?:[-–]\s+)?{_A}\s*"),
)


def with_marked_questions(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, of which those that begin with `Q:` are questions where an `A:` follows in them or next."""
    many = list(blocks)
    answering = False
    for block, following in zip(many, [*many[1:], Block("end")], strict=False):
        if block.kind in ("text", "item", "heading") and _BEGINS_Q.match(block.text):
            pieces = list(_pieces(block))
            answering = any(kind != "question" for kind, _ in pieces) or bool(_BEGINS_A.match(following.text))
            if answering:
                yield from (replace(block, kind=kind, text=text, level=0) for kind, text in pieces)
                continue
        elif answering and block.kind in ("text", "item") and (mark := _BEGINS_A.match(block.text)):
            rest = block.text[mark.end() :]
            if rest:
                yield replace(block, kind="text", text=rest)
            continue
        answering = answering and block.kind != "heading"
        yield block


def _pieces(block: Block) -> Iterator[tuple[Kind, str]]:
    """Questions and answers of a text that holds one or more of them, in turn."""
    marks = list(_MARKED.finditer(block.text))
    ends = [mark.start() for mark in marks[1:]] + [len(block.text)]
    for mark, end in zip(marks, ends, strict=True):
        if text := block.text[mark.end() : end].strip():
            yield ("question", " ".join(text.split())) if mark["q"] else ("text", text)
