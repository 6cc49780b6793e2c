"""What can go wrong with the store, as few types as callers can act on.

Messages name what, where and how to mend; they never carry message text, only ids.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.exc import DontWrapMixin

from bot.errors import FrontdeskError


class StoreError(FrontdeskError):
    """The store refused or failed."""

    kind: ClassVar[tuple[str, int]] = ("store_error", 500)

    def __init__(self, message: str) -> None:
        super().__init__(*self.kind, message)


class StoreUnavailable(StoreError):
    """The database did not answer in time; nothing of this call was promised. Ask again later."""

    kind = ("store_unavailable", 503)


class UnsuitableDatabase(StoreError):
    """This database, or the way it is set up, cannot keep the store's promises."""

    kind = ("unsuitable_database", 500)


class SchemaOutdated(StoreError):
    """The tables are not those of this version of the program; migrate first."""

    kind = ("schema_outdated", 500)


class StaleClaim(StoreError):
    """The conversation has moved on since this claim was made; drop the turn and claim again."""

    kind = ("stale_claim", 409)


class LogMoved(StaleClaim):
    """The claim still holds but the log has grown (a person wrote); load it and decide again."""

    kind = ("log_moved", 409)


class WrongChannel(StoreError):
    """This conversation id belongs to another channel."""

    kind = ("wrong_channel", 409)


class NoSuchConversation(StoreError):
    """No conversation has this id."""

    kind = ("no_such_conversation", 404)


class HeldByAnother(StoreError):
    """Somebody else, or the bot, holds this conversation; take it over first."""

    kind = ("held_by_another", 409)


class UnusableId(StoreError):
    """An id must be 1 to 512 bytes of UTF-8 without NUL."""

    kind = ("unusable_id", 400)


class UnstorableValue(StoreError, DontWrapMixin):
    """A value cannot be written as JSON (not a JSON type, or NaN or infinity)."""

    kind = ("unstorable_value", 400)


class NameTaken(StoreError):
    """A user of this name exists already."""

    kind = ("name_taken", 409)


class Contended(StoreError):
    """Another transaction won a race; the same call may be made again. Raised only after several attempts."""

    kind = ("contended", 503)
