"""Entities of a reading: what the tagger learned comes of the same pass, and "tomorrow" of the message's
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bot.dialogue.parse_data import entity_to_json, parse_data_to_reading, reading_to_parse_data
from bot.dialogue.ports import ReadRequest
from bot.dialogue.reading import Reading
from bot.inference import Inference
from bot.reader import Models
from bot.wording import Plain
from nlu.artifacts import Bundle
from nlu.entities import EntityExtractor
from nlu.system_entities import SystemEntities
from retrieval.encoder import Encoder, Tokens
from tests.nlu.test_entities_learned import tagger_of

EXTRACTOR = EntityExtractor(
    lookups={},
    regexes={"policy_number": [r"HL-\d{6}"]},
    synonyms={},
    tagger=tagger_of({"oslo": 1}, [{"entity": "city", "role": "to"}]),
)


class OnePass:
    """An encoder that counts its passes."""

    dim = 2
    passes = 0

    def encode_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        self.passes += 1
        none = Tokens(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int64))
        return np.ones((len(texts), 2), np.float32), [none] * len(texts)


async def read(text: str, at: float, encoder: OnePass) -> Reading:
    made = type("Made", (), {"id": "made", "folder": Path(), "parts": ("entities",)})()
    models = Models(
        bundle=cast(Bundle, made),
        retrieval_encoder=cast(Encoder, encoder),
        intent_encoder=cast(Encoder, encoder),
        classifier=None,
        entities=EXTRACTOR,
        index=None,
    )
    system = SystemEntities(("time", "number"), timezone="Asia/Shanghai")
    inference = Inference(models, ("en",), Plain(), system=system)
    async with inference.running():
        encoder.passes = 0
        return await inference.read(ReadRequest(text, at=at))


async def test_one_pass_gives_learned_written_and_system_entities() -> None:
    encoder = OnePass()
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC).timestamp()  # the 21st in Shanghai
    reading = await read("HL-204518 to Oslo tomorrow", late, encoder)
    assert encoder.passes == 1
    found = [entity_to_json(entity) for entity in reading.entities]
    assert [(e["entity"], e["value"], e.get("role"), e["extractor"]) for e in found] == [
        ("policy_number", "HL-204518", None, "RegexEntityExtractor"),
        ("city", "Oslo", "to", "EntityTagger"),
        ("time", "2026-11-22T00:00:00.000+08:00", None, "DucklingEntityExtractor"),
    ]
    assert found[1]["confidence_entity"] > 0.9
    assert found[2]["additional_info"]["grain"] == "day"


async def test_an_entity_keeps_its_details_on_record() -> None:
    reading = await read("HL-204518 to Oslo tomorrow", 1_795_000_000.0, OnePass())
    assert parse_data_to_reading(reading_to_parse_data(reading, "…", "1")) == reading
