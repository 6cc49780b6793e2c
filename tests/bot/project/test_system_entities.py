"""Which system entities a project asks for, by Rasa's component and by our own section."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.project.load import read_project
from bot.project.model import Project, SystemEntitySettings
from nlu.system_entities import DIMENSIONS


def project(folder: Path, config: str) -> Project:
    (folder / "domain.yml").write_text("intents: []\n")
    (folder / "config.yml").write_text(config)
    return read_project(folder, environ={})


DUCKLING = (
    "pipeline:\n- name: DucklingEntityExtractor\n  url: http://localhost:8000\n"
    "  dimensions: [time, number]\n  locale: en_GB\n  timezone: Europe/London\n"
)
OWN = "frontdesk:\n  system_entities:\n    dimensions: [email]\n"


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        ("language: en\n", None),
        (DUCKLING, SystemEntitySettings(("time", "number"), "Europe/London", "GB")),
        ("pipeline:\n- name: DucklingEntityExtractor\n", SystemEntitySettings(tuple(DIMENSIONS))),
        (DUCKLING + OWN, SystemEntitySettings(("email",))),
    ],
)
def test_what_is_asked_for(tmp_path: Path, config: str, settings: SystemEntitySettings | None) -> None:
    read = project(tmp_path, config)
    assert read.settings.system_entities == settings
    assert read.findings == ()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("dimensions: [distance]", "`distance` is not found here"),
        ("timezone: Mars/Base", "Mars/Base"),
        ("locale: en_XX", "XX"),
        ("zone: UTC", "zone"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, lines: str, said: str) -> None:
    read = project(tmp_path, f"frontdesk:\n  system_entities:\n    {lines}\n")
    assert any(said in finding.message for finding in read.findings)
