"""What the console refuses, as few types as a page can act on."""

from __future__ import annotations

from bot.errors import FrontdeskError


class ConsoleError(FrontdeskError):
    """A request that the console does not carry out."""


class NotSignedIn(ConsoleError):
    """No session, or one that has ended."""

    def __init__(self) -> None:
        super().__init__("not_signed_in", 401, "Sign in first.")


class WrongPassword(ConsoleError):
    """Name and password do not belong together; which of them is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("wrong_password", 401, "Name or password is wrong.")


class NotAllowed(ConsoleError):
    """The user's role, or a missing token, forbids this."""

    def __init__(self, message: str) -> None:
        super().__init__("not_allowed", 403, message)


class TooManyAttempts(ConsoleError):
    """Too many wrong passwords; `wait` seconds are left."""

    def __init__(self, wait: float) -> None:
        minutes = max(1, round(wait / 60))
        super().__init__("too_many_attempts", 429, f"Too many attempts; try again in {minutes} min.")
        self.wait = wait


class BadInput(ConsoleError):
    """A value is missing or cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_input", 400, message)


class Unavailable(ConsoleError):
    """A part of the bot that the answer needs did not work."""

    def __init__(self, message: str) -> None:
        super().__init__("unavailable", 503, message)


class NotThere(ConsoleError):
    """What the request names does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", 404, message)
