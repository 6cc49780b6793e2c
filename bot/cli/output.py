"""How verbs write results (`--json FILE`, `-` for standard output) and show their use by example."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

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
