"""What agents do to a conversation: take it over, speak in it, hand it back. Each is one transaction.

Knows who holds what; not who an agent is (accounts) or how the console shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Update, bindparam, literal_column, or_, select, true, update

from bot.dialogue.events import AgentSaid, Event, Returned, TakenOver
from bot.store.engine import Database
from bot.store.errors import HeldByAnother, NoSuchConversation
from bot.store.schema import conversations as c
from bot.store.turn import Outgoing, write_events, write_replies


@dataclass(frozen=True, slots=True)
class Desk:
    """The agents' side of the log. All three return the seq of the last event they wrote."""

    database: Database

    async def take_over(
        self, conversation_id: str, event: TakenOver, *, now: float, force: bool = False
    ) -> int:
        """`event.agent` now holds the conversation; the bot's lease is void, its turn under way is refused.

        Messages still unanswered can be claimed at once. `force` takes it from another agent too.
        Raises HeldByAnother, NoSuchConversation.
        """
        return await self.database.write(partial(_take_over, conversation_id, event, now, force))

    async def say(self, conversation_id: str, event: AgentSaid, *, reply: Outgoing | None, now: float) -> int:
        """`event.agent`, who must hold the conversation, says something; `reply` (index 0) sends it.

        Raises HeldByAnother, NoSuchConversation.
        """
        return await self.database.write(partial(_say, conversation_id, event, reply, now))

    async def hand_back(
        self,
        conversation_id: str,
        event: Returned,
        *,
        then: Sequence[Event] = (),
        replies: Sequence[Outgoing] = (),
        now: float,
    ) -> int:
        """`event.agent`, who must hold it, gives the conversation back to the bot, which goes on with
        `then`; `replies` send what of it the customer hears (index 0 is `event`).

        Raises HeldByAnother, NoSuchConversation.
        """
        events = (event, *then)
        work = partial(_act, _return, conversation_id, events, event.agent, tuple(replies), now)
        return await self.database.write(work)


_is = c.c.id == bindparam("conversation")
_holds = (c.c.holder == literal_column("'agent'")) & (c.c.agent == bindparam("by"))
_next_seq = {"last_seq": c.c.last_seq + bindparam("written"), "updated_at": bindparam("now")}


def _take(*, force: bool) -> Update:
    allowed = true() if force else or_(c.c.holder != literal_column("'agent'"), c.c.agent == bindparam("by"))
    return (
        update(c)
        .where(_is, allowed)
        .values(
            **_next_seq,
            holder="agent",
            agent=bindparam("by"),
            waiting_since=None,
            epoch=c.c.epoch + 1,
            lease_until=0.0,
            lease_owner="",
        )
        .returning(c.c.last_seq)
    )


_TAKE = {force: _take(force=force) for force in (True, False)}
_speak = update(c).where(_is, _holds).values(**_next_seq).returning(c.c.last_seq)
_return = (
    update(c)
    .where(_is, _holds)
    .values(**_next_seq, holder="bot", agent=None, reason=None, waiting_since=None)
    .returning(c.c.last_seq)
)
_exists = select(c.c.id).where(_is)


def _take_over(
    conversation_id: str, event: TakenOver, now: float, force: bool, connection: Connection
) -> int:
    return _act(_TAKE[force], conversation_id, (event,), event.agent, (), now, connection)


def _say(
    conversation_id: str, event: AgentSaid, reply: Outgoing | None, now: float, connection: Connection
) -> int:
    replies = () if reply is None else (reply,)
    return _act(_speak, conversation_id, (event,), event.agent, replies, now, connection)


def _act(
    change: Update,
    conversation_id: str,
    events: Sequence[Event],
    agent: str,
    replies: Sequence[Outgoing],
    now: float,
    connection: Connection,
) -> int:
    """Move on by these events. The update takes their seqs and locks the row, so there is nothing to
    retry.
    """
    values = {"conversation": conversation_id, "by": agent, "now": now, "written": len(events)}
    seq = connection.execute(change, values).scalar_one_or_none()
    if seq is None:
        if connection.execute(_exists, {"conversation": conversation_id}).one_or_none() is None:
            raise NoSuchConversation("there is no conversation of this id")
        raise HeldByAnother("this conversation is not yours; take it over first")
    before = seq - len(events)
    write_events(connection, conversation_id, events, before)
    write_replies(connection, conversation_id, replies, before, now)
    return int(seq)
