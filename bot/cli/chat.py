"""`frontdesk chat`: the same bot in the terminal, its conversation on record like any other."""

from __future__ import annotations

import asyncio
import time
import uuid
from functools import partial
from pathlib import Path

import click

from bot.cli.actions import action_server
from bot.cli.output import database_option, examples, project_argument
from bot.cli.train import bundle_or_train
from bot.config import Settings, read_settings
from bot.dialogue.cards import all_buttons, cards
from bot.dialogue.events import AgentSaid, BotSaid, Decided, Event, HandedOver, UserSaid
from bot.dialogue.message import Button, InboundMessage
from bot.dialogue.reading import Reading
from bot.hub import Hub
from bot.manager import Manager
from bot.parts import open_bot, pushed
from bot.project.load import load_project
from bot.project.model import Project
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from bot.upkeep import in_background


@click.command(
    epilog=examples(
        "frontdesk chat my-bot", "frontdesk chat my-bot --why     with what each message was understood as"
    )
)
@project_argument
@database_option
@click.option("--why", is_flag=True, help="Show what each message was understood as.")
def chat(project: Path, database: str | None, why: bool) -> None:
    """Talk to PROJECT's bot here. A number presses a button; an empty line or Ctrl+D ends."""
    loaded = load_project(project)
    settings = read_settings(project, database=database)
    bundle_or_train(settings, loaded)
    asyncio.run(_chat(settings, loaded, why=why))


async def _chat(settings: Settings, project: Project, *, why: bool) -> None:
    await migrate(settings.database)
    conversation = f"terminal:{uuid.uuid4().hex}"
    async with (
        open_store(settings.database) as store,
        action_server(project, settings) as action_url,
        open_bot(settings, project, action_url=action_url) as bot,
    ):
        hub, offered = Hub(), list[Button]()
        unasked = partial(_show_unasked, store, hub, conversation, offered, why=why)
        manager = Manager(
            store, bot, hub, owner=conversation, lease=settings.lease, at_once=1, push=pushed(project)
        )
        async with manager.running(), in_background("showing reminders", unasked):
            while text := (await asyncio.to_thread(_ask)).strip():
                if text.isdecimal() and 0 < int(text) <= len(offered):
                    text = offered[int(text) - 1].payload
                message = InboundMessage(
                    conversation, "terminal", "terminal", uuid.uuid4().hex, text, time.time()
                )
                receipt = await manager.accept(message)
                numbered = await manager.answered(receipt, timeout=settings.reply_timeout) or []
                offered[:] = _show([item.event for item in numbered], why=why)


async def _show_unasked(
    store: Store, hub: Hub, conversation: str, offered: list[Button], *, why: bool
) -> None:
    """Print what the bot says of its own accord, when it says it."""
    seq = 0
    with hub.watching(conversation) as bell:
        while await bell.wait():
            bell.clear()
            items = await store.log.after(conversation, seq)
            if told := _of_its_own_accord([item.event for item in items]):
                click.echo()
                offered[:] = _show(told, why=why) or offered
            seq = items[-1].seq if items else seq


def _of_its_own_accord(events: list[Event]) -> list[Event]:
    """Those of turns that no message of the customer began."""
    kept: list[Event] = []
    external = False
    for event in events:
        external = event.external if isinstance(event, UserSaid) else external
        kept += [event] if external else []
    return kept


def _ask() -> str:
    try:
        return str(click.prompt("you", prompt_suffix="> ", default="", show_default=False))
    except click.Abort:
        return ""


def _show(events: list[Event], *, why: bool) -> tuple[Button, ...]:
    """Print what was said; the buttons now on offer."""
    offered: list[Button] = []
    for event in events:
        match event:
            case BotSaid() | AgentSaid():
                if event.text:
                    click.secho(f"bot> {event.text}", fg="cyan")
                for card in cards(event.elements) if isinstance(event, BotSaid) else ():
                    click.secho("\n     ".join(("bot>", *card.lines)), fg="cyan")
                for button in all_buttons(event) if isinstance(event, BotSaid) else ():
                    offered.append(button)
                    click.echo(f"     [{len(offered)}] {button.title}")
            case HandedOver(reason=reason):
                click.secho(f"     (waits for a person: {reason})", fg="yellow")
    if why:
        for event in events:
            _explain(event)
    return tuple(offered)


def _explain(event: Event) -> None:
    match event:
        case UserSaid(reading=Reading() as reading):
            likely = ", ".join(
                f"{verdict.intent} {verdict.probability:.2f}" for verdict in reading.verdicts[:3]
            )
            near = ", ".join(f"{match.answer_id} {match.score:.2f}" for match in reading.matches[:3])
            scope = " out of scope" if reading.out_of_scope else ""
            click.secho(f"     intents: {likely or 'none'}{scope}; answers: {near or 'none'}", dim=True)
        case Decided(row=row, commands=commands):
            click.secho(f"     decided by {row}: {', '.join(commands)}", dim=True)
