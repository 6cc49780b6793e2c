"""The errors of this room, as the server answers them: a code, an HTTP status and a fixed sentence.

Knows nothing of what was in the request, so that no answer can carry it.
"""


class ActionServerError(Exception):
    """An action failed; the conversation should go on with a person."""

    code = "action_failed"
    status = 500


class BadCall(ActionServerError):
    """The body is no action call: a JSON object with `next_action` and `tracker` is expected."""

    code = "bad_call"
    status = 400


class CallTooLarge(ActionServerError):
    """The action call is larger than 8 MiB; send fewer past events."""

    code = "call_too_large"
    status = 413


class NoSuchPage(ActionServerError):
    """This server has GET /health, GET /actions and POST /webhook."""

    code = "no_such_page"
    status = 404
