"""Who is meant by an account's name: what a person reads of colleagues is the name they chose for
customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.console.accounts import display_name
from bot.store.log import Numbered
from bot.store.queue import Listed
from bot.store.store import Store


async def names_in(store: Store, rows: Iterable[Listed], items: Sequence[Numbered] = ()) -> dict[str, str]:
    """The display names of the accounts in these rows and events; who has chosen none is left out."""
    agents = {row.standing.agent for row in rows} | {getattr(item.event, "agent", None) for item in items}
    shown = {agent: await display_name(store, agent) for agent in sorted(filter(None, agents))}
    return {agent: name for agent, name in shown.items() if name}
