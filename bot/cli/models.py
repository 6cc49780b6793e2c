"""`frontdesk models`: the bundle registry of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.output import examples, json_option, project_argument, show_figures, write_json
from bot.config import read_settings
from nlu.artifacts import Bundle, champion, find, list_bundles, promote, rollback, unreadable, verify
from nlu.errors import BundleError


@click.group(
    epilog=examples(
        "frontdesk models list my-bot",
        "frontdesk models promote 20260131 my-bot",
        "frontdesk models rollback my-bot",
    )
)
def models() -> None:
    """List, show, promote and roll back a project's model bundles."""


@models.command("list", epilog=examples("frontdesk models list my-bot"))
@project_argument
@json_option
def list_(project: Path, json_file: str | None) -> None:
    """Every bundle, the newest first; the one that serves is marked."""
    root = read_settings(project).bundles
    serving = champion_or_word(root)
    for error in unreadable(root):
        click.secho(str(error), fg="yellow", err=True)
    rows = [_summary(bundle, serving) for bundle in list_bundles(root)]
    write_json(rows, json_file)
    if json_file == "-":
        return
    if not rows:
        click.echo(f"No bundles yet. Make one with `frontdesk train {project}`.")
    for row in rows:
        click.echo(f"{'*' if row['champion'] else ' '} {row['id']}  {', '.join(row['parts'])}")


@models.command(
    epilog=examples(
        "frontdesk models show my-bot", "frontdesk models show my-bot --bundle 20260131T0800 --json -"
    )
)
@project_argument
@click.option("--bundle", metavar="ID", help="Which bundle; the champion by default.")
@json_option
def show(project: Path, bundle: str | None, json_file: str | None) -> None:
    """What a bundle was made of, what it measured and what it promises; every file is verified first."""
    root = read_settings(project).bundles
    chosen = _one(root, bundle)
    verify(chosen.folder)
    details = {
        **_summary(chosen, champion_or_word(root)),
        "base": chosen.details.base,
        "languages": list(chosen.details.languages),
        "data_sha256": chosen.details.data_sha256,
        "recipe": dict(chosen.details.recipe),
        "metrics": dict(chosen.details.metrics),
    }
    write_json(details, json_file)
    if json_file != "-":
        show_figures(details)


@models.command(
    "promote",
    epilog=examples(
        "frontdesk models promote 20260131T0800 my-bot     as much of the id as names one bundle"
    ),
)
@click.argument("bundle")
@project_argument
def promote_(bundle: str, project: Path) -> None:
    """Let BUNDLE serve. A running server takes it up within seconds; the one before stays for `rollback`."""
    chosen = promote(read_settings(project).bundles, bundle)
    click.echo(f"{chosen.id} now serves.")


@models.command("rollback", epilog=examples("frontdesk models rollback my-bot"))
@project_argument
def rollback_(project: Path) -> None:
    """Let the bundle before serve again."""
    chosen = rollback(read_settings(project).bundles)
    click.echo(f"{chosen.id} serves again.")


def _one(root: Path, identity: str | None) -> Bundle:
    if identity is not None:
        return find(root, identity)
    chosen = champion(root)
    if chosen is None:
        raise click.ClickException("no bundle serves yet. Make one with `frontdesk train PROJECT`.")
    return chosen


def champion_or_word(root: Path) -> Bundle | None:
    """The bundle that serves; None where none does, with a word on a pointer that leads nowhere."""
    try:
        return champion(root)
    except BundleError as error:
        click.secho(str(error), fg="yellow", err=True)
        return None


def _summary(bundle: Bundle, serving: Bundle | None) -> dict[str, Any]:
    return {
        "id": bundle.id,
        "created": bundle.created.isoformat(),
        "parts": list(bundle.parts),
        "champion": serving is not None and serving.id == bundle.id,
    }
