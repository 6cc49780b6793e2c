"""What verbs have in common: the options that several take, how they write results (`--json FILE`, `-` for
standard output), and how their help shows their use by example.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.project.model import RECIPES

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """The option that every verb with results takes."""
    return click.option(
        "--json", "json_file", metavar="FILE", help="Write the results as JSON to FILE; - is standard output."
    )(command)


def project_argument(command: F) -> F:
    """The project folder; the current one by default."""
    return click.argument(
        "project",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        required=False,
    )(command)


def database_option(command: F) -> F:
    """The database, for every verb that reads or keeps conversations or accounts."""
    return click.option(
        "--database",
        metavar="URL",
        help="Where conversations are kept, as SQLAlchemy writes it. Default: FRONTDESK_DATABASE, else the "
        "project's own SQLite.",
    )(command)


def recipe_option(command: F) -> F:
    """How intents are trained."""
    return click.option(
        "--recipe",
        type=click.Choice(RECIPES),
        help="fast: a frozen encoder with a small head, a minute or two; accurate: the encoder is tuned as "
        "well, some minutes; few-shot: for intents of five or ten examples, some minutes. Default: a "
        "project's config, else fast.",
    )(command)


def knob_options(command: F) -> F:
    """How a recipe is varied."""
    command = click.option(
        "--tune",
        "tries",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Try N settings of the recipe's knobs on held-out examples first, and train with the best.",
    )(command)
    return click.option(
        "--set",
        "knobs",
        multiple=True,
        metavar="KNOB=VALUE",
        help="Set a knob of the recipe, such as tune.epochs=4; may be given more than once. "
        "a wrong name lists them all.",
    )(command)


def recipe_arguments(recipe: str | None, knobs: Iterable[str], tries: int) -> list[str]:
    """The same for `python -m training`."""
    arguments = ["--recipe", recipe or RECIPES[0]]
    for knob in knobs:
        arguments += ["--set", knob]
    return [*arguments, "--tune", str(tries)] if tries else arguments


def base_option(command: F) -> F:
    """The model to start from."""
    return click.option("--base", metavar="NAME", help="Base model: a folder or a Hugging Face name.")(
        command
    )


def device_option(command: F) -> F:
    """Where training computes."""
    return click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="Where to compute; auto takes a GPU if there is one.",
    )(command)


def seed_option(command: F) -> F:
    """What chance begins with."""
    return click.option(
        "--seed", type=int, default=0, show_default=True, help="The same seed gives the same result."
    )(command)


def examples(*lines: str) -> str:
    """The end of a verb's help: command lines as one would type them, each perhaps with a word on it."""
    return "\b\n" + "\n".join(("Examples:" if len(lines) > 1 else "Example:", *(f"  {x}" for x in lines)))


def write_json(result: Any, target: str | None) -> None:
    """Write `result` where --json said, if it said so."""
    if target is None:
        return
    text = json.dumps(result, indent=2, ensure_ascii=False, default=str)
    if target == "-":
        click.echo(text)
        return
    try:
        Path(target).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(
            f"cannot write {target}: {error.strerror}. Give --json a writable path."
        ) from error


def show_figures(figures: dict[str, Any], *, indent: int = 0) -> None:
    """Figures as aligned lines for a reader."""
    width = max((len(name) for name in figures), default=0)
    for name, value in figures.items():
        if isinstance(value, dict):
            click.echo(f"{' ' * indent}{name}")
            show_figures(value, indent=indent + 2)
        else:
            shown = f"{value:.4f}" if isinstance(value, float) else value
            click.echo(f"{' ' * indent}{name:<{width}}  {shown}")
