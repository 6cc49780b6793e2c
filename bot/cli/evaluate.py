"""`frontdesk evaluate`: measures recipes on CSV files of one's own, by the same code that serves."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from bot.cli.child import run_training
from bot.cli.marked import marked_lines
from bot.cli.output import (
    base_option,
    device_option,
    examples,
    json_option,
    knob_options,
    recipe_arguments,
    recipe_option,
    seed_option,
    show_figures,
    write_json,
)

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(
    epilog=examples(
        "frontdesk evaluate intents --train train.csv --test test.csv",
        "frontdesk evaluate answers --answers faq.csv --queries questions.csv",
    )
)
def evaluate() -> None:
    """Measure intents, answers, entities, question pairs or a classifier on files of one's own."""


@evaluate.command(
    epilog=examples(
        "frontdesk evaluate intents --train train.csv --test test.csv",
        "frontdesk evaluate intents --train train.csv --test test.csv --oos-test strange.csv --json -",
        "frontdesk evaluate intents --train train.csv --test test.csv --report report",
    )
)
@recipe_option
@knob_options
@click.option("--train", "train_csv", type=FILE, required=True, help="Columns text,label.")
@click.option("--test", "test_csv", type=FILE, required=True, help="Columns text,label; never trained on.")
@click.option("--oos-train", type=FILE, help="Messages that are out of scope, for training.")
@click.option("--oos-test", type=FILE, help="Messages that are out of scope, for testing.")
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a page with charts and tables into DIR.",
)
@base_option
@device_option
@seed_option
@json_option
def intents(
    recipe: str | None,
    knobs: tuple[str, ...],
    tries: int,
    train_csv: Path,
    test_csv: Path,
    oos_train: Path | None,
    oos_test: Path | None,
    report: Path | None,
    base: str | None,
    device: str,
    seed: int,
    json_file: str | None,
) -> None:
    """Train a classifier on one file and measure it on another, out-of-scope messages apart."""
    arguments = ["evaluate-intents", "--train", str(train_csv), "--test", str(test_csv)]
    arguments += recipe_arguments(recipe, knobs, tries)
    arguments += ["--device", device, "--seed", str(seed)]
    given = {"--oos-train": oos_train, "--oos-test": oos_test, "--report": report, "--base": base}
    for flag, value in given.items():
        arguments += [flag, str(value)] if value else []
    figures = run_training(arguments)
    _show(figures, json_file)
    if report:
        click.echo(f"Report: {figures['report']}", err=True)


@evaluate.command(epilog=examples("frontdesk evaluate answers --answers faq.csv --queries questions.csv"))
@click.option("--answers", "answers_csv", type=FILE, required=True, help="Columns id,question[,answer].")
@click.option("--queries", "queries_csv", type=FILE, required=True, help="Columns text,id.")
@base_option
@json_option
def answers(answers_csv: Path, queries_csv: Path, base: str | None, json_file: str | None) -> None:
    """Measure how often the right stored answer is found, beside BM25 on the same rows."""
    arguments = ["evaluate-answers", "--answers", str(answers_csv), "--queries", str(queries_csv)]
    arguments += ["--base", base] if base else []
    _show(run_training(arguments), json_file)


@evaluate.command(epilog=examples("frontdesk evaluate entities --train nlu.yml --test held_out.yml"))
@click.option("--train", "train_file", type=FILE, required=True, help="Rasa's YAML, or JSON lines.")
@click.option("--test", "test_file", type=FILE, required=True, help="Likewise; never trained on.")
@base_option
@device_option
@seed_option
@json_option
def entities(
    train_file: Path, test_file: Path, base: str | None, device: str, seed: int, json_file: str | None
) -> None:
    """Learn entities from the marks of one file and measure them on another: place, name, role and group."""
    with TemporaryDirectory() as scratch:
        arguments = ["evaluate-entities", "--device", device, "--seed", str(seed)]
        for flag, path in (("--train", train_file), ("--test", test_file)):
            folder = Path(scratch) / flag.strip("-")
            folder.mkdir()
            arguments += [flag, str(marked_lines(path, folder))]
        arguments += ["--base", base] if base else []
        _show(run_training(arguments), json_file)


@evaluate.command(epilog=examples("frontdesk evaluate pairs --test pairs.csv"))
@click.option("--test", "test_csv", type=FILE, required=True, help="Columns question_1,question_2,similar.")
@base_option
@json_option
def pairs(test_csv: Path, base: str | None, json_file: str | None) -> None:
    """Measure how far the encoder tells similar questions (1) from others (0)."""
    arguments = ["evaluate-pairs", "--test", str(test_csv)]
    arguments += ["--base", base] if base else []
    _show(run_training(arguments), json_file)


@evaluate.command(
    epilog=examples(
        "frontdesk evaluate classifier --kind text --train train.csv --test test.csv --target label",
        "frontdesk evaluate classifier --kind tabular --train train.csv --test test.csv --target default",
    )
)
@click.option(
    "--kind",
    type=click.Choice(["text", "tabular"]),
    required=True,
    help="text: read one column, as intents are read; tabular: weigh all columns, as loans are graded.",
)
@click.option("--train", "train_csv", type=FILE, required=True, help="Any columns.")
@click.option("--test", "test_csv", type=FILE, required=True, help="The same columns; never trained on.")
@click.option("--target", metavar="COL", required=True, help="The column to predict.")
@click.option("--text", metavar="COL", help="The column to read. Default: text, else the longest one.")
@click.option("--ignore", metavar="COL", multiple=True, help="A column to leave out; as often as needed.")
@recipe_option
@knob_options
@base_option
@device_option
@seed_option
@json_option
def classifier(
    kind: str,
    train_csv: Path,
    test_csv: Path,
    target: str,
    text: str | None,
    ignore: tuple[str, ...],
    recipe: str | None,
    knobs: tuple[str, ...],
    tries: int,
    base: str | None,
    device: str,
    seed: int,
    json_file: str | None,
) -> None:
    """Train a classifier of texts or of table rows on one file and measure it on another."""
    arguments = ["evaluate-classifier", "--kind", kind, "--train", str(train_csv), "--test", str(test_csv)]
    arguments += recipe_arguments(recipe, knobs, tries)
    arguments += ["--target", target, "--device", device, "--seed", str(seed)]
    for flag, value in [("--text", text), ("--base", base), *(("--ignore", name) for name in ignore)]:
        arguments += [flag, value] if value else []
    _show(run_training(arguments), json_file)


@evaluate.command(
    epilog=examples(
        "frontdesk evaluate sentiment --test moods.csv",
        "frontdesk evaluate sentiment --train my-bot/data/sentiment.csv --test moods.csv",
    )
)
@click.option("--test", "test_csv", type=FILE, required=True, help="Columns text,label; never trained on.")
@click.option("--train", "train_csv", type=FILE, help="Rows to learn from besides the built-in sentences.")
@base_option
@seed_option
@json_option
def sentiment(
    test_csv: Path, train_csv: Path | None, base: str | None, seed: int, json_file: str | None
) -> None:
    """Measure how moods are told: negative, neutral, positive, angry."""
    arguments = ["evaluate-sentiment", "--test", str(test_csv), "--seed", str(seed)]
    for flag, value in (("--train", train_csv), ("--base", base)):
        arguments += [flag, str(value)] if value else []
    _show(run_training(arguments), json_file)


def _show(figures: dict[str, Any], json_file: str | None) -> None:
    write_json(figures, json_file)
    if json_file != "-":
        show_figures(figures)
