"""How a dialogue is written down for the response model.

Knows the special tokens and the one order they come in; training and serving both render through here.
Does not know the tokenizer, the model, or what a conversation is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CUSTOMER = "<|customer|>"
AGENT = "<|agent|>"
SOURCE = "<|source|>"
LANGUAGE = "<|language|>"
ANSWER = "<|answer|>"
REPLY = "<|reply|>"
END = "<|end|>"
PAD = "<|pad|>"

SPECIAL_TOKENS = (PAD, END, CUSTOMER, AGENT, SOURCE, LANGUAGE, ANSWER, REPLY)

MAX_LINES = 6
"""Older lines are left out: six lines hold three exchanges, which is what a stored answer can depend on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said. `agent` is whoever speaks for the house, bot or person."""

    speaker: Literal["customer", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The lines so far, oldest first, and the language the reply is to be in (`en`, `zh`, …)."""

    lines: tuple[Line, ...]
    language: str


def render(dialogue: Dialogue, *, source: str | None = None) -> str:
    """Write the prompt whose continuation is the reply.

    Without `source` the continuation is a stored answer, so its likelihood tells how well the answer fits.
    With `source` the continuation is a wording of that source. A dialogue without lines gives the prompt of
    the prior: how likely an answer is before anything was said.

    What decides most stands last, so a prompt too long for the model is cut from its beginning (`fit`).
    """
    parts = [_speaker_token(line) + plain(line.text) for line in dialogue.lines[-MAX_LINES:]]
    if source is not None:
        parts.append(SOURCE + plain(source))
    parts.append(LANGUAGE + plain(dialogue.language))
    parts.append(ANSWER if source is None else REPLY)
    return "".join(parts)


def plain(text: str) -> str:
    """The text with nothing in it that could be read as one of our tokens: a customer may type anything."""
    return text.strip().replace("<|", "< |")


def join(first: str, second: str) -> str:
    """Two sentences as one text: a space between them, none after a Chinese sign."""
    if not first or not second:
        return first + second
    return first + ("" if first[-1] in "。！？；，…" else " ") + second


def fit(ids: Sequence[int], room: int) -> list[int]:
    """The last `room` token ids: the newest lines, the source and the language survive."""
    return list(ids[-room:]) if room > 0 else []


def _speaker_token(line: Line) -> str:
    return CUSTOMER if line.speaker == "customer" else AGENT
