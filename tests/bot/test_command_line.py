"""The command line: whatever is wrong ends in one line that says so, and every verb's help teaches by
example.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.__main__ import cli, run
from tests.conftest import SMALL_PROJECT

GONE = "20260101T000000Z-0123456789ab"


@pytest.fixture
def untrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FRONTDESK_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "small_project"
    shutil.copytree(SMALL_PROJECT, folder)
    return folder


def champion_is(project: Path, pointer: str) -> None:
    bundles = project / ".frontdesk" / "bundles"
    bundles.mkdir(parents=True)
    (bundles / "champion").write_text(pointer)


@pytest.mark.parametrize("verb", ["serve", "chat", "test", "learn", "models show"])
@pytest.mark.parametrize(("pointer", "said"), [(GONE, GONE), ("not an id", "promote a bundle")])
def test_a_champion_that_leads_nowhere_is_one_line(
    untrained: Path, capsys: pytest.CaptureFixture[str], verb: str, pointer: str, said: str
) -> None:
    champion_is(untrained, pointer)
    assert run([*verb.split(), str(untrained)]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_bundles_are_listed_though_the_champion_leads_nowhere(
    untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion_is(untrained, GONE)
    broken = untrained / ".frontdesk" / "bundles" / "20260202T000000Z-0123456789ab"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    assert run(["models", "list", str(untrained), "--json", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == "[]"
    assert GONE in printed.err and broken.name in printed.err


@pytest.mark.parametrize("verb", ["serve", "train", "check", "models list"])
def test_a_variable_that_cannot_be_is_one_line(
    untrained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("FRONTDESK_PORT", "abc")
    code = run([*verb.split(), str(untrained)])
    error = capsys.readouterr().err
    if verb == "check":  # needs no settings
        assert code == 0
    else:
        assert (code, error.count("\n")) == (1, 1) and "FRONTDESK_PORT" in error


@pytest.mark.parametrize("path", [[], ["models"], ["users"], ["evaluate"]])
def test_a_command_line_without_a_verb_gets_the_help_and_no_complaint(
    path: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(path) == 2
    error = capsys.readouterr().err
    assert error.startswith("Usage: ") and "Commands:" in error


def test_one_option_says_the_same_under_every_verb() -> None:
    said: dict[str, set[str | None]] = {}
    for path in all_commands():
        for option in command_at(path).params:
            if isinstance(option, click.Option) and option.opts[0] in (
                "--device",
                "--seed",
                "--base",
                "--json",
            ):
                said.setdefault(option.opts[0], set()).add(option.help)
    assert {name: len(texts) for name, texts in said.items()} == dict.fromkeys(said, 1)
    assert None not in set[str | None]().union(*said.values())


def all_commands(command: click.Command = cli, *path: str) -> Iterator[tuple[str, ...]]:
    if path:
        yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from all_commands(found, *path, name)


@pytest.mark.parametrize("path", list(all_commands()), ids=" ".join)
def test_every_help_shows_examples_that_the_command_line_takes(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == 0
    printed = capsys.readouterr().out
    lines = [line.strip() for line in printed.splitlines() if line.strip().startswith("frontdesk ")]
    assert any(line.startswith(" ".join(("frontdesk", *path))) for line in lines), printed
    for line in lines:
        words = line.partition("     ")[0].split()[1:]
        assert list(unknown(words)) == [], line
        assert run([*words, "--help"]) == 0


def command_at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def unknown(words: list[str]) -> Iterator[str]:
    """The options of an example that its command does not have."""
    command: click.Command = cli
    for word in words:
        if isinstance(command, click.Group) and (found := command.get_command(click.Context(command), word)):
            command = found
        elif word.startswith("--"):
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            yield from {word} - known
