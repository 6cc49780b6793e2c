"""`frontdesk users`: the console's accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.output import examples, json_option, write_json
from bot.config import read_settings
from bot.console.accounts import Role, create_user, has_administrator, role_of_new
from bot.console.passwords import Passwords
from bot.store.errors import StoreError
from bot.store.migrate import migrate
from bot.store.store import Store, open_store

T = TypeVar("T")

PROJECT = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project folder; the current one by default.",
)
DATABASE = click.option(
    "--database", metavar="URL", help="Default: FRONTDESK_DATABASE, else the project's own."
)
PASSWORD = click.password_option(
    envvar="FRONTDESK_PASSWORD", help="Asked for if not given; FRONTDESK_PASSWORD works too."
)


@click.group(
    epilog=examples(
        "frontdesk users add nora --role agent --project my-bot", "frontdesk users list --project my-bot"
    )
)
def users() -> None:
    """Add, list, disable and change the people who may sign in to the console."""


@users.command(epilog=examples("frontdesk users add nora --role agent --display-name Nora --project my-bot"))
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="Default: agent; administrator for the first account of all.",
)
@click.option("--display-name", help="What customers read when this user answers them.")
@PASSWORD
@PROJECT
@DATABASE
def add(
    name: str, role: str | None, display_name: str | None, password: str, project: Path, database: str | None
) -> None:
    """Add NAME. The first account is an administrator unless --role says otherwise."""

    async def make(store: Store) -> tuple[str, bool]:
        given = await role_of_new(store, role)
        await create_user(store, name, given, password, display_name=display_name)
        return given, await has_administrator(store)

    given, managed = _with_store(project, database, make)
    first = ", being the first account" if given == Role.ADMINISTRATOR and role is None else ""
    click.echo(f"{name} may sign in as {given}{first}.")
    if not managed:
        click.echo(
            "Nobody is administrator yet: `frontdesk users add NAME --role administrator` makes one.",
            err=True,
        )


@users.command("list", epilog=examples("frontdesk users list --project my-bot"))
@PROJECT
@DATABASE
@json_option
def list_(project: Path, database: str | None, json_file: str | None) -> None:
    """Everybody who has an account."""
    found = _with_store(project, database, lambda store: store.accounts.all())
    rows = [{"name": user.name, "role": user.role, "disabled": user.disabled} for user in found]
    write_json(rows, json_file)
    if json_file != "-":
        for user in found:
            click.echo(f"{user.name}  {user.role}{'  (disabled)' if user.disabled else ''}")


@users.command(epilog=examples("frontdesk users disable nora --project my-bot"))
@click.argument("name")
@PROJECT
@DATABASE
def disable(name: str, project: Path, database: str | None) -> None:
    """Let NAME sign in no more; open sessions end at once."""
    _changed(name, _with_store(project, database, lambda store: store.accounts.change(name, disabled=True)))
    click.echo(f"{name} can no longer sign in.")


@users.command(epilog=examples("frontdesk users password nora --project my-bot"))
@click.argument("name")
@PASSWORD
@PROJECT
@DATABASE
def password(name: str, password: str, project: Path, database: str | None) -> None:
    """Give NAME a new password; open sessions end at once."""

    async def change(store: Store) -> bool:
        return await store.accounts.change(name, password_hash=await Passwords().hash(password))

    _changed(name, _with_store(project, database, change))
    click.echo(f"{name} has a new password.")


def _changed(name: str, done: bool) -> None:
    if not done:
        raise click.ClickException(f"there is no user {name}. See `frontdesk users list`.")


def _with_store(project: Path, database: str | None, work: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    """What `work` does with the project's store, its tables brought up to date first."""
    url = read_settings(project, database=database).database

    async def run() -> T:
        await migrate(url)
        async with open_store(url) as store:
            return await work(store)

    try:
        return asyncio.run(run())
    except StoreError as error:
        raise click.ClickException(str(error)) from error
