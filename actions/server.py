"""rasa-sdk's HTTP server with our actions in it, which never sends back or logs what a request holds.

Knows the protocol's edges (bodies, errors, size); not what the actions do.
"""

import logging
import traceback
import zlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic
from sanic.exceptions import NotFound, PayloadTooLarge, SanicException
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from actions.errors import ActionServerError, BadCall, CallTooLarge, NoSuchPage
from actions.forms import FORMS
from actions.models import ModelShelf
from actions.risk import ActionAssessRisk
from actions.triage import ActionTriage

MAX_BYTES = 8 * 1024 * 1024

App = Sanic[Any, Any]

logger = logging.getLogger(__name__)


class QuietErrors(ErrorHandler):
    """Answers every error with its own fixed sentence. The SDK's own handler echoes the whole request."""

    def response(self, request: Request, exception: Exception) -> HTTPResponse:
        """`{"error": sentence, "code": code}`; the log gets the place of the error, never its message."""
        error = _translate(exception)
        if error.status >= 500:
            last = traceback.extract_tb(exception.__traceback__)[-1:]
            place = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else "?"
            logger.error("An action failed: %s at %s", type(exception).__name__, place)
        return json_response({"error": str(error.__doc__), "code": error.code}, status=error.status)


def build_app(shelf: ModelShelf, executor: ActionExecutor | None = None) -> App:
    """The server's application; `executor` holds further actions, ours are added to it."""
    executor = executor or ActionExecutor()
    for action in (ActionAssessRisk(shelf), ActionTriage(shelf), *(form() for form in FORMS)):
        executor.register_action(action)
    app = create_app(executor, cors_origins=[])
    app.config.REQUEST_MAX_SIZE = MAX_BYTES
    app.error_handler = QuietErrors()
    app.register_middleware(check_call, "request")
    app.register_listener(_load_ahead(shelf), "after_server_start")
    return app


def serve(shelf: ModelShelf, *, host: str, port: int) -> None:
    """Serves until it is told to stop, in this one process."""
    app = build_app(shelf)
    app.prepare(host=host, port=port, single_process=True, motd=False, access_log=False)
    Sanic.serve_single(primary=app)


async def check_call(request: Request) -> None:
    """Refuses a webhook body that is no action call, and inflates a compressed one within bounds."""
    if request.method != "POST" or request.path != "/webhook":
        return
    if request.headers.get("content-encoding", "").lower() == "deflate":
        request.body = _inflate(request.body)
        del request.headers["content-encoding"]
    call = request.json  # parsed once, kept by Sanic for the SDK; a body that is no JSON raises BadRequest
    if call is None:
        return  # the SDK has an answer of its own for an empty body
    if not isinstance(call, dict):
        raise BadCall
    tracker = call.get("tracker")
    if call.get("next_action") and not (isinstance(tracker, dict) and "sender_id" in tracker):
        raise BadCall
    if not isinstance(call.get("domain", {}), dict | None):
        raise BadCall


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise BadCall from error
    if inflater.unconsumed_tail:
        raise CallTooLarge
    return plain


def _translate(exception: Exception) -> ActionServerError:
    if isinstance(exception, ActionServerError):
        return exception
    if isinstance(exception, PayloadTooLarge):
        return CallTooLarge()
    if isinstance(exception, NotFound):
        return NoSuchPage()
    if isinstance(exception, SanicException) and exception.status_code < 500:
        return BadCall()
    return ActionServerError()


def _load_ahead(shelf: ModelShelf) -> Callable[[App], Coroutine[Any, Any, None]]:
    async def load(app: App) -> None:
        app.add_task(shelf.current())

    return load
