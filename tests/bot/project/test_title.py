"""What a bot is called over its chat: its title, else its id, else its folder, readable in any case."""

from __future__ import annotations

import pytest

from bot.project.load import load_project
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import PROJECT


@pytest.mark.parametrize(
    ("config", "title"),
    [
        ("language: en\n", "Pizza"),
        ("assistant_id: harbourlight\n", "Harbourlight"),
        ("assistant_id: blue-door_bot\n", "Blue Door Bot"),
        ("assistant_id: 20230405-114328-tranquil-mustard\n", "Pizza"),  # drawn by `rasa init`
        ("assistant_id: placeholder_default\n", "Pizza"),
        ("assistant_id: x\nfrontdesk: {title: 港湾 insurance}\n", "港湾 insurance"),
        ("assistant_id: tkBot\n", "TkBot"),
    ],
)
def test_the_bot_is_called_by_its_title_its_id_or_its_folder(
    write_project: WriteProject, config: str, title: str
) -> None:
    project = load_project(write_project({**PROJECT, "config.yml": config}))
    assert (project.title, project.name) == (title, "pizza")
    assert project.findings == ()
