"""Packs the blocks under one heading into texts that can be said in one message.

Knows where a text may be cut: between blocks and sentences, never within a sentence, an item or a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.documents.block import Block

LONGEST = 1_200
"""Characters of a text at most."""

ALONE = 160
"""Characters from which on a table's row is a text of its own: whoever asks for one wants no other."""

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*(?P<space>\s+)|(?<=[。！？])(?![”’」』）])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|e\.g|i\.e|etc|Dr|Mr|Mrs|Ms|No|Nr|St|vs|cf|ca|bzw|approx|z\.\s?B|d\.\s?h)\.$"
)
_NAMES = {"text": "sentence", "item": "list item", "row": "table row", "code": "line of code"}
_CLOSE = ("item", "row", "code")  # kinds of which one stands right below another


@dataclass(frozen=True, slots=True)
class Chunk:
    """A text, and the blocks of which it holds something."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class TooLong:
    """A block of which a piece that may not be cut is longer than LONGEST."""

    block: Block
    what: str
    length: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is kept whole; `before` parts it from the piece before it."""

    text: str
    before: str
    block: Block


def chunks(blocks: Sequence[Block]) -> Iterator[Chunk | TooLong]:
    """The texts of the blocks in order. What introduces something ("as follows:") stays with it."""
    group: list[_Piece] = []
    for piece in _pieces(blocks):
        if len(piece.text) > LONGEST:
            yield TooLong(piece.block, _NAMES[piece.block.kind], len(piece.text))
            continue
        alone = piece.block.kind == "row" and len(piece.text) >= ALONE
        while group and (alone or len(_text([*group, piece])) > LONGEST):
            kept = len(group) if alone else _kept(group)
            yield _chunk(group[:kept])
            group = group[kept:]
        if alone:
            yield _chunk([piece])
        else:
            group.append(piece)
    if group:
        yield _chunk(group)


def _kept(group: Sequence[_Piece]) -> int:
    """How many pieces go out; those at the end that introduce the next stay."""
    kept = len(group)
    while kept > 1 and group[kept - 1].text.endswith((":", "：")):
        kept -= 1
    return kept


def _chunk(pieces: Sequence[_Piece]) -> Chunk:
    return Chunk(_text(pieces), tuple(dict.fromkeys(piece.block for piece in pieces)))


def _text(pieces: Sequence[_Piece]) -> str:
    rest = "".join(piece.before + piece.text for piece in pieces[1:])
    return pieces[0].text + rest


def _pieces(blocks: Sequence[Block]) -> Iterator[_Piece]:
    kind = ""
    for block in blocks:
        before = "\n" if block.kind == kind and kind in _CLOSE else "\n\n"
        kind = block.kind
        if len(block.text) <= LONGEST or kind in ("item", "row"):
            yield _Piece(block.text, before, block)
        elif kind == "code":
            for number, line in enumerate(block.text.split("\n")):
                yield _Piece(line, "\n" if number else before, block)
        else:
            for number, (space, sentence) in enumerate(sentences(block.text)):
                yield _Piece(sentence, space if number else before, block)


def sentences(text: str) -> Iterator[tuple[str, str]]:
    """Each sentence with the space that parts it from the one before; empty for the first."""
    start, space = 0, ""
    for end in _SENTENCE.finditer(text):
        close = end.start("space") if end["space"] else end.end()
        if end.end() >= len(text) or _ABBREVIATED.search(text[start:close]):
            continue
        yield space, text[start:close]
        start, space = end.end(), end["space"] or ""
    yield space, text[start:]
