"""`frontdesk train`: compiles a project into a corpus and lets training make a bundle of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from bot.cli.child import run_training
from bot.cli.output import (
    base_option,
    database_option,
    device_option,
    examples,
    json_option,
    knob_options,
    project_argument,
    recipe_arguments,
    recipe_option,
    seed_option,
    show_figures,
    write_json,
)
from bot.cli.reviews import read_reviews
from bot.cli.workplace import work_folder
from bot.config import Settings, read_settings
from bot.project.corpus import ReviewedTurn, compile_corpus
from bot.project.load import load_project
from bot.project.model import Project
from nlu.artifacts import Bundle, champion, promote
from nlu.errors import BundleError

READING = ("intents", "entities", "answers", "sentiment", "stories")
PARTS = (*READING, "risk", "medical", "responses")
# Parts that only a bot with these actions has a use for.
BY_ACTION = {"action_assess_risk": "risk", "action_triage": "medical"}


@click.command(
    epilog=examples(
        "frontdesk train my-bot",
        "frontdesk train my-bot --part answers --promote     new answers, at once",
        "frontdesk train my-bot --recipe accurate --device cuda",
        "frontdesk train my-bot --recipe few-shot --tune 8     look for better knobs first",
    )
)
@project_argument
@recipe_option
@knob_options
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    help="Train only this part and take the others from the serving bundle; may be given more than once.",
)
@base_option
@device_option
@seed_option
@click.option(
    "--promote/--no-promote",
    "promoting",
    default=None,
    help="Let the new bundle serve. Default: only if none serves yet.",
)
@click.option(
    "--reviewed/--no-reviewed",
    "with_reviews",
    default=True,
    show_default=True,
    help="Train with the messages of the log that a person has judged, too, as `frontdesk learn` does.",
)
@database_option
@json_option
def train(
    project: Path,
    json_file: str | None,
    promoting: bool | None,
    with_reviews: bool,
    database: str | None,
    **options: Any,
) -> None:
    """Train a candidate bundle from PROJECT."""
    settings, loaded = read_settings(project, database=database), load_project(project)
    first = _serving(settings) is None
    reviewed = reviewed_turns(settings, loaded) if with_reviews else ()
    result = train_project(settings, loaded, reviewed=reviewed, **options)
    result["reviewed"] = len(reviewed)
    if promoting or (promoting is None and first):
        promote(settings.bundles, result["bundle"])
        result["promoted"] = True
    write_json(result, json_file)
    if json_file != "-":
        show_figures(result)
        if not result.get("promoted"):
            click.echo(f"It serves after `frontdesk models promote {result['bundle']} {project}`.")


def train_project(
    settings: Settings,
    project: Project,
    *,
    parts: tuple[str, ...] = (),
    recipe: str | None = None,
    knobs: tuple[str, ...] = (),
    tries: int = 0,
    base: str | None = None,
    device: str = "auto",
    seed: int = 0,
    reviewed: tuple[ReviewedTurn, ...] = (),
) -> dict[str, Any]:
    """A new bundle from the project, and `reviewed` turns with it. Raises TrainingFailed; BundleError where
    only some `parts` are to be new and there is no bundle to take the others from.
    """
    serving = champion(settings.bundles) if parts else _serving(settings, say=True)
    used = tuple(part for action, part in BY_ACTION.items() if action in project.domain.actions)
    wanted = parts or (*READING, *used)
    with work_folder(settings.home, "corpus") as corpus:
        compile_corpus(project, corpus, reviewed=reviewed)
        arguments = ["train", "--corpus", str(corpus), "--bundles", str(settings.bundles)]
        arguments += recipe_arguments(*recipe_of(project, recipe, knobs), tries)
        arguments += ["--parts", ",".join(wanted)]
        arguments += ["--base", base or project.settings.base, "--device", device, "--seed", str(seed)]
        if project.settings.responses.base:
            arguments += ["--response-base", project.settings.responses.base]
        if serving is not None:
            arguments += ["--from", serving.id]
        return run_training(arguments)


def recipe_of(
    project: Project, recipe: str | None, knobs: tuple[str, ...] = ()
) -> tuple[str, tuple[str, ...]]:
    """The recipe with its knobs; those of the project's config are its own recipe's."""
    own = project.settings
    if recipe not in (None, own.recipe):
        return recipe, knobs
    return own.recipe, (*(f"{name}={value}" for name, value in own.knobs.items()), *knobs)


def reviewed_turns(settings: Settings, project: Project) -> tuple[ReviewedTurn, ...]:
    """The log's reviewed messages that may teach, with a word on them. Raises StoreError."""
    found = asyncio.run(read_reviews(settings, project))
    if found.turns:
        count = f"{len(found.turns)} reviewed messages" if len(found.turns) > 1 else "One reviewed message"
        click.echo(
            f"{count} of the log besides the project's examples (`frontdesk train --no-reviewed`: without).",
            err=True,
        )
    for reason, number in sorted(found.skipped.items()):
        click.echo(f"Reviews left out, {reason}: {number}.", err=True)
    return found.turns


def _serving(settings: Settings, *, say: bool = False) -> Bundle | None:
    """The champion, if it is there: a new bundle is what mends a pointer that leads nowhere."""
    try:
        return champion(settings.bundles)
    except BundleError as error:
        if say:
            click.echo(f"{error} Training one from the project alone.", err=True)
        return None


def bundle_or_train(settings: Settings, project: Project) -> Bundle:
    """The bundle that serves; where none does, one is trained now, which takes a minute or two."""
    serving = champion(settings.bundles)
    if serving is not None:
        return serving
    click.echo(f"No bundle serves {project.name} yet: training one, a minute or two.", err=True)
    result = train_project(settings, project, reviewed=reviewed_turns(settings, project))
    return promote(settings.bundles, result["bundle"])
