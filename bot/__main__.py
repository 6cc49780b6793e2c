"""The `frontdesk` command: a table of verbs, each in a file of its own under bot/cli.

Knows the names and how errors end: wrong usage is one line and exit code 2, a failure one line and exit code
1.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from bot.errors import FrontdeskError
from nlu.errors import NluError

# A verb's file is imported when the verb is used, so that `--help` does not wait for a web server's imports.
VERBS: dict[str, tuple[str, str]] = {
    "serve": ("bot.cli.serve:serve", "Run the bot: chat page, console, REST and messaging channels."),
    "chat": ("bot.cli.chat:chat", "Talk to the bot in this terminal."),
    "train": ("bot.cli.train:train", "Train a candidate bundle from a project."),
    "check": ("bot.cli.check:check", "Check a project's files, each finding with file and line."),
    "test": ("bot.cli.test:test", "Play a project's test conversations."),
    "evaluate": ("bot.cli.evaluate:evaluate", "Measure recipes on data of your own."),
    "import": (
        "bot.cli.importing:import_",
        "Make answers from a FAQ or documents, or a clean copy of a Rasa project.",
    ),
    "models": ("bot.cli.models:models", "List, show, promote and roll back bundles."),
    "learn": ("bot.cli.learn:learn", "One learning cycle: export, train, test, gate."),
    "export": ("bot.cli.export:export", "Write reviewed, redacted conversations as JSON lines."),
    "users": ("bot.cli.users:users", "The console's accounts."),
    "migrate": ("bot.cli.migrate:migrate", "Bring a database to this version's tables."),
}


class Verbs(click.Group):
    """Loads a verb by its row in VERBS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Frontdesk: a customer-service bot that runs on your own machine and learns from its conversations.

    \b
    First steps:
      frontdesk import faq.csv my-bot     a bot from your FAQ
      frontdesk serve my-bot              talk to it at http://localhost:8080
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of one command line."""
    # onnxruntime reports to its maker unless this is set when it is imported, here or in a child process.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        result: Any = cli.main(args=arguments, prog_name="frontdesk", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()  # a command line that ends where verbs begin asks which there are
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "frontdesk"
        click.echo(f"{path}: {error.format_message()} Try `{path} --help`.", err=True)
        return 2
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return 1
    except FrontdeskError as error:
        click.echo(f"frontdesk: {error.message}", err=True)
        return 1
    except NluError as error:
        click.echo(f"frontdesk: {error}", err=True)
        return 1
    except click.ClickException as error:
        click.echo(f"frontdesk: {error.format_message()}", err=True)
        return 1


if __name__ == "__main__":
    main()
