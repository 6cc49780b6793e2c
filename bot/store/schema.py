"""The tables, and the indexes the store's own queries need.

Knows names, types and keys; not how rows are read or written. A change here needs a migration (a test
compares them). Times are seconds since the epoch. Columns of free text a customer wrote are JSON, which holds
any Python string (NUL and lone surrogates included) on both databases.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite fills only an INTEGER primary key by itself.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _conversation_key(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "conversation_id",
        Text,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("lease_owner", Text, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("pending_since", Double),
    Column("last_seq", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("agent", Text),
    Column("language", Text),
    Column("reason", Text),
    Column("opened_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("waiting_since", Double),
    CheckConstraint("holder IN ('bot', 'queue', 'agent')", name="holder"),
    CheckConstraint("pending >= 0", name="pending"),
    Index("ix_conversations_updated_at", "updated_at", "id"),
)
Index(
    "ix_conversations_unanswered",
    conversations.c.pending_since,
    conversations.c.id,
    sqlite_where=text("pending > 0"),
    postgresql_where=text("pending > 0"),
)
Index(
    "ix_conversations_waiting",
    conversations.c.waiting_since,
    conversations.c.id,
    sqlite_where=text("holder = 'queue'"),
    postgresql_where=text("holder = 'queue'"),
)
Index(
    "ix_conversations_held",
    conversations.c.agent,
    conversations.c.updated_at,
    conversations.c.id,
    sqlite_where=text("holder = 'agent'"),
    postgresql_where=text("holder = 'agent'"),
)


def new_conversation(conversation_id: str, channel: str, sender: str, now: float) -> dict[str, Any]:
    """The row of a conversation in which nothing has happened yet: the bot's, unclaimed."""
    return {
        "id": conversation_id,
        "channel": channel,
        "sender": sender,
        "epoch": 0,
        "lease_until": 0.0,
        "lease_owner": "",
        "pending": 0,
        "pending_since": None,
        "last_seq": 0,
        "holder": "bot",
        "opened_at": now,
        "updated_at": now,
    }


events = Table(
    "events",
    metadata,
    _conversation_key(primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", JSON, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    _conversation_key(),
    Column("sender", Text, nullable=False),
    Column("text", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("at", Double, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_seq", BigInteger),
    Column("last_seq", BigInteger),
    UniqueConstraint("channel", "external_id"),
    CheckConstraint("state IN ('pending', 'done')", name="state"),
)
# Finds the oldest pending row of a conversation, and all its rows when the conversation is erased.
Index("ix_inbox_conversation_id", inbox.c.conversation_id, inbox.c.state, inbox.c.id)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    _conversation_key(),
    Column("channel", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("lease_owner", Text, nullable=False),
    Column("provider_id", Text),
    Column("error", Text),
    CheckConstraint("state IN ('pending', 'sent', 'failed')", name="state"),
)
# Finds the oldest pending row of a conversation, and all its rows when the conversation is erased.
Index("ix_outbox_conversation_id", outbox.c.conversation_id, outbox.c.state, outbox.c.id)
Index(
    "ix_outbox_due",
    outbox.c.next_at,
    outbox.c.id,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)

# The reminder itself is the event at this place of the log.
timers = Table(
    "timers",
    metadata,
    _conversation_key(primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("due_at", Double, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, unique=True),
    CheckConstraint("state IN ('active', 'retired')", name="state"),
)

users = Table(
    "users",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("subject", Text, nullable=False),
)
