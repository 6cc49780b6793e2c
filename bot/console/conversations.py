"""Conversations as agents work on them: lists, one with the bot's mind laid open, and what people do to it.

Knows the requests; who may make them is policy.py's, what they change is the store's. Every human read is on
record before it is answered.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.console.errors import BadInput, NotAllowed, NotThere
from bot.console.names import names_in
from bot.console.policy import SUPERVISORS, Ask
from bot.dialogue import wire
from bot.dialogue.domain import Domain
from bot.dialogue.events import AgentSaid, Event, Returned, Reviewed, TakenOver, UserSaid
from bot.dialogue.names import HUMAN_INTENTS, KNOWLEDGE_INTENT, OUT_OF_SCOPE_INTENTS
from bot.hub import Hub
from bot.outcome import replies
from bot.store.errors import HeldByAnother
from bot.store.glimpses import Glimpse
from bot.store.log import Numbered
from bot.store.queue import Cursor, Listed
from bot.store.store import Store
from bot.store.turn import Outgoing

TakingUp = Callable[[Listed, Returned], Awaitable[list[Event]]]

NO_TOPIC = HUMAN_INTENTS | OUT_OF_SCOPE_INTENTS | {KNOWLEDGE_INTENT}
PAGE = 50
EVENTS = 400  # of a conversation in one answer
LONGEST_TEXT = 4000
LONGEST_GLIMPSE = 160
ONE_LOOK = 600.0  # seconds in which several readings of a list by one user count as one


@dataclass(frozen=True, slots=True)
class Conversations:
    """`push` names the channels whose replies go through the outbox; `taking_up` gives the events of a
    conversation's return to the bot.
    """

    store: Store
    hub: Hub
    taking_up: TakingUp
    push: frozenset[str]
    clock: Callable[[], float]
    domain: Callable[[], Domain]
    _looked: dict[tuple[str, str], float] = field(default_factory=dict)

    async def listed(self, ask: Ask) -> web.Response:
        """`?list=waiting|mine|all`: one page, and the cursor of the next under `next`."""
        query = ask.request.query
        after = _read_cursor(query.get("after"))
        match query.get("list", "waiting"):
            case "waiting":
                rows = await self.store.queue.waiting(limit=PAGE, after=after)
            case "mine":
                rows = await self.store.queue.mine(ask.user, limit=PAGE, after=after)
            case "all":
                rows = await self.store.queue.all(limit=PAGE, after=after)
            case _:
                raise BadInput("'list' is one of waiting, mine, all.")
        waiting = query.get("list", "waiting") == "waiting"
        following = _cursor(rows[-1], waiting=waiting) if len(rows) == PAGE else None
        await self._note_list(ask, query.get("list", "waiting"))
        seen = await self.store.queue.glimpses(rows)
        answer = {
            "rows": [{**listed_json(row), "about": about_json(seen.get(row.id, Glimpse()))} for row in rows],
            "names": await names_in(self.store, rows),
            "next": following,
            "waiting": await self.store.queue.waiting_count(),
        }
        return web.json_response(answer)

    async def read(self, ask: Ask) -> web.Response:
        """`?id=`: the latest events; `?before=SEQ`: those before. `earlier` says whether there are more."""
        found = await self._find(ask.request.query.get("id", ""))
        await self._note(ask, "read", found.id)
        before = ask.request.query.get("before", "")
        end = int(before) - 1 if before.isascii() and before.isdigit() else found.last_seq
        start = max(0, min(end, found.last_seq) - EVENTS)
        events = await self.store.log.after(found.id, start, limit=max(0, end - start)) if end > start else []
        answer = {
            "conversation": listed_json(found),
            "names": await names_in(self.store, [found], events),
            "events": [event_json(item) for item in events],
            "earlier": start > 0,
        }
        return web.json_response(answer)

    async def take_over(self, ask: Ask) -> web.Response:
        """From here the user answers. `force` takes it from a colleague, which supervisors may."""
        force = ask.flag("force")
        if force and ask.role not in SUPERVISORS:
            raise NotAllowed("Only a supervisor may take a conversation from a colleague.")
        conversation_id, now = ask.text("conversation"), self.clock()
        event = TakenOver(at=now, agent=ask.user)
        seq = await self.store.desk.take_over(conversation_id, event, now=now, force=force)
        return await self._done(ask, "take_over", conversation_id, seq)

    async def say(self, ask: Ask) -> web.Response:
        """The user, who must hold the conversation, answers the customer."""
        text = ask.text("text", longest=LONGEST_TEXT).strip()
        if not text:
            raise BadInput("The answer is empty.")
        found, now = await self._find(ask.text("conversation")), self.clock()
        reply = (
            Outgoing(0, found.channel, found.sender, {"text": text}) if found.channel in self.push else None
        )
        event = AgentSaid(at=now, text=text, agent=ask.user)
        seq = await self.store.desk.say(found.id, event, reply=reply, now=now)
        return await self._done(ask, "say", found.id, seq)

    async def hand_back(self, ask: Ask) -> web.Response:
        """The user gives the conversation back to the bot, which asks again what it had left open."""
        found, now = await self._find(ask.text("conversation")), self.clock()
        returned = Returned(at=now, agent=ask.user)
        if (found.standing.holder, found.standing.agent) != ("agent", ask.user):
            raise HeldByAnother("this conversation is not yours; take it over first")
        events = await self.taking_up(found, returned)
        outgoing = replies(found.channel, found.sender, events) if found.channel in self.push else []
        seq = await self.store.desk.hand_back(found.id, returned, then=events[1:], replies=outgoing, now=now)
        return await self._done(ask, "hand_back", found.id, seq)

    async def review(self, ask: Ask) -> web.Response:
        """Say which intent the customer's message at `seq` really had; null: none of them."""
        intent = ask.body.get("intent")
        if intent is not None and intent not in sorted(self.domain().meanings):
            raise BadInput("'intent' must be one of the project's intents, or null for out of scope.")
        found, seq, now = await self._find(ask.text("conversation")), ask.number("seq"), self.clock()
        said = await customer_message(self.store, found.id, seq)
        event = Reviewed(at=now, message_id=said.message_id, intent=intent, agent=ask.user)
        return await self._done(
            ask, "review", found.id, await self.store.log.append(found.id, [event], now=now)
        )

    async def _find(self, conversation_id: str) -> Listed:
        return await find_conversation(self.store, conversation_id)

    async def _done(self, ask: Ask, verb: str, conversation_id: str, seq: int) -> web.Response:
        await self._note(ask, verb, conversation_id)
        self.hub.ring(conversation_id)
        return web.json_response({"seq": seq})

    async def _note_list(self, ask: Ask, which: str) -> None:
        """The lists show what customers wrote. An open page asks again at every change: that is one look."""
        now, key = self.clock(), (ask.user, which)
        if now - self._looked.get(key, 0.0) >= ONE_LOOK:
            self._looked[key] = now
            await self._note(ask, "list", which)

    async def _note(self, ask: Ask, verb: str, subject: str) -> None:
        await self.store.audit.note(at=self.clock(), actor=ask.user, verb=verb, subject=subject)


async def find_conversation(store: Store, conversation_id: str) -> Listed:
    """Raises NotThere."""
    found = await store.queue.find(conversation_id)
    if found is None:
        raise NotThere("There is no conversation of this id.")
    return found


async def customer_message(store: Store, conversation_id: str, seq: int) -> UserSaid:
    """The customer's message at this place of the conversation. Raises NotThere."""
    at_seq = await store.log.after(conversation_id, seq - 1, limit=1) if seq else []
    event = at_seq[0].event if at_seq and at_seq[0].seq == seq else None
    if not isinstance(event, UserSaid) or event.external:
        raise NotThere("There is no customer's message at this place of the conversation.")
    return event


def listed_json(row: Listed) -> dict[str, Any]:
    """A conversation as the console's lists show it."""
    return {
        "id": row.id,
        "channel": row.channel,
        "sender": row.sender,
        "holder": row.standing.holder,
        "agent": row.standing.agent,
        "language": row.standing.language,
        "reason": row.standing.reason,
        "waiting_since": row.standing.waiting_since,
        "last_seq": row.last_seq,
        "pending": row.pending,
        "opened_at": row.opened_at,
        "updated_at": row.updated_at,
    }


def about_json(glimpse: Glimpse) -> dict[str, str | None]:
    """What a conversation is about, in a line. A wish for a person is no topic."""
    return {
        "said": _line(glimpse.said),
        "question": _line(glimpse.question),
        "intent": None if glimpse.intent in NO_TOPIC else glimpse.intent,
        "form": glimpse.form,
    }


def _line(text: str | None) -> str | None:
    line = " ".join((text or "").split())
    return (line if len(line) <= LONGEST_GLIMPSE else f"{line[: LONGEST_GLIMPSE - 1]}…") or None


def event_json(item: Numbered) -> dict[str, Any]:
    """An event with its place: the wire's JSON, everything the bot knew included."""
    return {**wire.to_json(item.event), "seq": item.seq}


def _cursor(row: Listed, *, waiting: bool) -> str:
    moment = (row.standing.waiting_since or 0.0) if waiting else row.updated_at
    return base64.urlsafe_b64encode(json.dumps([moment, row.id]).encode()).decode()


def _read_cursor(given: str | None) -> Cursor | None:
    if not given:
        return None
    try:
        moment, conversation_id = json.loads(base64.urlsafe_b64decode(given.encode("ascii")))
        return float(moment), str(conversation_id)
    except (binascii.Error, ValueError, TypeError):
        raise BadInput("'after' must be the 'next' of the page before.") from None
