"""Messages and turns for the store's tests, short to write."""

from __future__ import annotations

from bot.dialogue.events import BotSaid, Event, UserSaid
from bot.dialogue.message import InboundMessage
from bot.store.claims import Claim
from bot.store.inbox import Receipt
from bot.store.store import Store
from bot.store.turn import Outgoing, Standing

LEASE = 10.0


def message(
    conversation: str = "c", number: int = 1, *, channel: str = "rest", text: str = "hello"
) -> InboundMessage:
    return InboundMessage(
        conversation, channel, "customer", f"{conversation}:{number}", text, at=1.0 + number
    )


def said(text: str = "hello") -> list[Event]:
    return [
        UserSaid(at=1.0, text=text, message_id="m", channel="rest"),
        BotSaid(at=1.0, text=f"you said {text}"),
    ]


def reply(index: int = 1, body: str = "…") -> Outgoing:
    return Outgoing(index, "rest", "customer", {"text": body})


async def accept(store: Store, sent: InboundMessage, *, owner: str = "me", now: float = 1.0) -> Receipt:
    return await store.inbox.accept(sent, owner=owner, now=now, lease_seconds=LEASE)


async def claimed(store: Store, conversation: str = "c", *, now: float = 1.0) -> tuple[Claim, int]:
    """A conversation's first message accepted and claimed: the claim and the message's inbox id."""
    receipt = await accept(store, message(conversation), now=now)
    assert receipt.claim is not None
    return receipt.claim, receipt.inbox_id


async def answer(
    store: Store,
    claim: Claim,
    inbox_id: int | None,
    *,
    after_seq: int = 0,
    events: list[Event] | None = None,
    replies: list[Outgoing] | None = None,
    standing: Standing | None = None,
    now: float = 2.0,
    release: bool = True,
) -> bool:
    return await store.log.record(
        claim,
        events=said() if events is None else events,
        after_seq=after_seq,
        done=inbox_id,
        replies=replies or [],
        standing=standing,
        now=now,
        lease_seconds=LEASE,
        release=release,
    )


async def conversation(store: Store, name: str, standing: Standing, *, now: float = 1.0) -> None:
    """A conversation with one answered message, standing as said."""
    claim, inbox_id = await claimed(store, name, now=now)
    await answer(store, claim, inbox_id, standing=standing, now=now)
