"""Telegram's updates: what a customer said in one, in words or without
(https://core.telegram.org/bots/api#update).

Knows the shapes of updates; not where they come from or what becomes of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.contract import BadRequest

# What a message may hold instead of words. To others (a pinned message) nobody expects an answer.
_WORDLESS = (
    "photo",
    "voice",
    "video",
    "video_note",
    "audio",
    "animation",  # before `document`, which every animation has, too
    "document",
    "sticker",
    "location",
    "contact",
    "poll",
    "dice",
    "story",
    "paid_media",
)
_GREETINGS = {"zh": "你好"}


@dataclass(frozen=True, slots=True)
class Said:
    """A private message. `kind` is what came instead of words or with a caption; `album` groups what was
    sent at once.
    """

    chat: int
    text: str
    kind: str | None = None
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a private chat; `data` is what it carries."""

    chat: int
    data: str


def read_update(body: bytes) -> dict[str, Any]:
    """Raises BadRequest."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise BadRequest("The body is no update: 'update_id' is missing.")
    return update


def parse(update: Mapping[str, Any]) -> Said | Pressed | None:
    """What the customer did, or None for the kinds of update that nobody waits to have answered."""
    match update:
        case {"message": {"chat": {"id": int(chat), "type": "private"}, "text": str(text), **rest}}:
            sender = rest.get("from")
            language = sender.get("language_code") if isinstance(sender, dict) else None
            return Said(chat, _spoken(text, language))
        case {"message": {"chat": {"id": int(chat), "type": "private"}, **rest}}:
            return _wordless(chat, rest)
        case {
            "callback_query": {
                "data": str(data),
                "message": {"chat": {"id": int(chat), "type": "private"}},
            }
        }:
            return Pressed(chat, data)
        case _:
            return None


def _wordless(chat: int, message: Mapping[Any, Any]) -> Said | None:
    """A caption is taken for the words; what it stands under is named."""
    kind = next((kind for kind in _WORDLESS if kind in message), None)
    if kind is None:
        return None
    caption, album = message.get("caption"), message.get("media_group_id")
    return Said(
        chat, caption if isinstance(caption, str) else "", kind, album if isinstance(album, str) else None
    )


def _spoken(text: str, language: Any) -> str:
    """Telegram opens every chat with `/start`, which nobody typed: it stands for a greeting."""
    if text.split(maxsplit=1)[:1] != ["/start"]:
        return text
    return _GREETINGS.get(str(language or "").partition("-")[0], "Hello")
