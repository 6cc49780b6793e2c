"""The rehearsal of emergencies on a bot: every sentence reaches a person whatever the models say of it."""

from __future__ import annotations

from typing import cast

import pytest

from bot import emergencies
from bot.bot import Bot
from bot.dialogue.ports import ReadError, ReadRequest
from bot.dialogue.reading import Reading
from bot.emergencies import SENTENCES, rehearse_emergencies
from bot.inference import Inference
from tests.bot.dialogue.small_bot import DOMAIN, Ends


class Broken(Ends):
    """Models that read nothing."""

    async def read(self, request: ReadRequest) -> Reading:
        raise ReadError("no_bundle")


@pytest.mark.parametrize("ends", [Ends(), Broken()], ids=["models that answer", "models that fail"])
async def test_every_emergency_reaches_a_person(ends: Ends) -> None:
    assert await rehearse_emergencies(Bot(DOMAIN, cast(Inference, ends), None)) == []


async def test_a_sentence_that_reaches_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergencies, "SENTENCES", ("I can't breathe", "what does dental cover cost"))
    assert await rehearse_emergencies(Bot(DOMAIN, cast(Inference, Ends()), None)) == [
        "what does dental cover cost"
    ]


def test_at_least_sixty_sentences_in_both_languages() -> None:
    chinese = sum(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in SENTENCES)
    assert len(SENTENCES) >= 60
    assert len(SENTENCES) == len(set(SENTENCES))
    assert chinese >= len(SENTENCES) // 3
