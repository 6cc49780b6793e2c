"""The log's reviewed messages as training takes them: redacted, of known intents, few of one contact.

Knows which reviews may teach; the export redacts them, the corpus places them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.dialogue.text import parse_payload
from bot.export import Export, Pseudonyms
from bot.project.corpus import OUT_OF_SCOPE, ReviewedTurn
from bot.project.language import guess_language
from bot.project.model import Project
from bot.store.engine import parse_url
from bot.store.migrate import migrate
from bot.store.store import open_store

MOST_OF_ONE_CONTACT = 5  # nobody teaches the bot a habit alone; the latest count
_NO_WORDS = re.compile(r"(?:<[a-z_]+>|[\W\d_])*")


@dataclass(frozen=True, slots=True)
class Reviews:
    """What may teach, by contact and age, and how many may not, by reason."""

    turns: tuple[ReviewedTurn, ...]
    skipped: dict[str, int]


async def read_reviews(settings: Settings, project: Project) -> Reviews:
    """Every reviewed message of the store that may teach; a database that was never made is not made now.
    Raises StoreError.
    """
    if _never_made(settings.database):
        return Reviews((), {})
    await migrate(settings.database)
    kept: dict[str, deque[ReviewedTurn]] = defaultdict(lambda: deque(maxlen=MOST_OF_ONE_CONTACT))
    skipped: Counter[str] = Counter()
    async with open_store(settings.database) as store:
        async for record in Export(store, Pseudonyms.under(settings.secret)).records():
            if reason := _unfit(record, project):
                skipped[reason] += 1
                continue
            turns = kept[record["contact"]]
            if len(turns) == MOST_OF_ONE_CONTACT:
                skipped[f"over {MOST_OF_ONE_CONTACT} of one contact"] += 1
            turns.append(_turn(record, project))
    return Reviews(tuple(turn for turns in kept.values() for turn in turns), dict(skipped))


def _never_made(url: str) -> bool:
    """Whether the database is a file that is not there."""
    kind, parsed = parse_url(url)
    return kind == "sqlite" and not Path(parsed.database or "").exists()


def _unfit(record: dict[str, Any], project: Project) -> str | None:
    intent = record["reviewed"]["intent"]
    if parse_payload(record["text"]):
        return "a pressed button"
    if _NO_WORDS.fullmatch(record["text"]):
        return "no words"
    if intent not in (None, OUT_OF_SCOPE) and intent not in project.domain.meanings:
        return "an intent the project does not have"
    return None


def _turn(record: dict[str, Any], project: Project) -> ReviewedTurn:
    languages = project.settings.languages
    language = record["language"]
    return ReviewedTurn(
        text=record["text"],
        intent=record["reviewed"]["intent"],
        language=language if language in languages else guess_language(record["text"], languages),
        source=f"review:{record['conversation']}:{record['seq']}",
    )
