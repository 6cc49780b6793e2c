"""What Rasa's interface answers where it does not do what was asked, in Rasa's JSON.

Knows the shape (rasa/server.py, ErrorResponse) and the cases; a message never echoes input.
"""

from __future__ import annotations

from typing import Any

from bot.errors import FrontdeskError

SPOKEN = "3.6.21"  # the version of Rasa whose interface this is


class Refusal(FrontdeskError):
    """`code` is Rasa's reason; `details` say which part of the request is meant."""

    def __init__(self, status: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(reason, status, message)
        self.details = details or {}

    def to_json(self) -> dict[str, Any]:
        return {
            "version": SPOKEN,
            "status": "failure",
            "message": self.message,
            "reason": self.code,
            "details": self.details,
            "help": None,
            "code": self.status,
        }


def bad_request(message: str, *, part: str = "", where: str = "body") -> Refusal:
    """The request cannot be read; `part` names the key or parameter."""
    return Refusal(400, "BadRequest", message, {"parameter": part, "in": where})


def closed() -> Refusal:
    """Nobody has opened the interface."""
    return Refusal(
        403,
        "NotAuthorized",
        "This interface is closed. Set FRONTDESK_API_TOKEN, start the server again, and send the token as "
        "`Authorization: Bearer TOKEN`.",
    )


def unknown_caller() -> Refusal:
    return Refusal(401, "NotAuthenticated", "User is not authenticated.")


def no_such_conversation() -> Refusal:
    return Refusal(404, "Not found", "Conversation ID not found.")


def failed(message: str, *, status: int = 500) -> Refusal:
    """The conversation could not be served."""
    return Refusal(status, "ConversationError", message)


def held() -> Refusal:
    return failed(
        "A person has this conversation, or it waits for one; the bot does nothing in it until it is given "
        "back.",
        status=409,
    )


def elsewhere(message: str) -> Refusal:
    """Rasa's server does this and ours does not; the message says what does."""
    return Refusal(501, "NotImplemented", message)
