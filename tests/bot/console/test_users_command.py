"""`frontdesk users`: who gets which role, and what the operator is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.users import users
from tests.bot.channels.small_server import database


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await database(tmp_path / "bot.db")


def add(url: str, *given: str) -> str:
    """What `users add` says."""
    command = [
        "add",
        *given,
        "--password",
        "a long enough one",
        "--database",
        url,
        "--project",
        url_folder(url),
    ]
    result = CliRunner().invoke(users, command)
    assert result.exit_code == 0, result.output
    return result.output


def url_folder(url: str) -> str:
    return str(Path(url.removeprefix("sqlite+aiosqlite:///")).parent)


def test_the_first_account_is_an_administrator_and_the_next_an_agent(url: str) -> None:
    assert "mia may sign in as administrator" in add(url, "mia")
    assert "eve may sign in as agent." in add(url, "eve")
    assert "bo may sign in as supervisor." in add(url, "bo", "--role", "supervisor")


def test_a_role_that_is_asked_for_rules_and_a_missing_administrator_is_named(url: str) -> None:
    said = add(url, "eve", "--role", "agent")
    assert "eve may sign in as agent." in said and "Nobody is administrator yet" in said
    assert "Nobody is administrator" not in add(url, "mia", "--role", "administrator")
