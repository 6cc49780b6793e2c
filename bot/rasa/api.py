"""Rasa's HTTP interface: conversations read, changed and taken step by step by an operator's programs.

Knows the routes, keys and statuses of Rasa 3.6.21 (rasa/server.py) and who may call; not how a turn runs.
Everything needs the operator's token, and every change goes through the inbox like a customer's message.
"""

from __future__ import annotations

import hmac
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import yaml
from aiohttp import hdrs, web

from bot.bot import Bot
from bot.channels.rest import rasa_replies
from bot.dialogue.events import Decided
from bot.dialogue.external_message import ENTITIES, PREFIX
from bot.dialogue.message import IS_EXTERNAL
from bot.dialogue.names import BUILT_IN_ACTIONS
from bot.dialogue.outside import adding, executing, noting, replacing, triggering
from bot.dialogue.parse_data import reading_to_parse_data
from bot.dialogue.ports import ReadError, ReadRequest
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.text import parse_payload
from bot.dialogue.wire import from_json
from bot.errors import FrontdeskError, place_of
from bot.rasa import incoming
from bot.rasa.conversations import Conversations
from bot.rasa.models import Handler, Models
from bot.rasa.predictions import prediction
from bot.rasa.refusals import SPOKEN, Refusal, bad_request, closed, failed, held, unknown_caller
from bot.rasa.stories import stories
from bot.rasa.trackers import Tracker
from bot.store.log import Numbered

log = logging.getLogger(__name__)

JSON, YAML = "application/json", "application/x-yaml"
OLDEST = "3.5.0"  # of the models that Rasa of this version takes


@dataclass(frozen=True, slots=True)
class RasaApi:
    """`token` opens the interface; without one it is closed. `bot` gives what serves now, `bundle` the id of
    its models.
    """

    conversations: Conversations
    bot: Callable[[], Bot]
    bundle: Callable[[], str]
    models: Models
    token: str | None = None

    def routes(self) -> list[web.RouteDef]:
        one = "/conversations/{conversation_id:.+}"
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/version", self.version),
            ("GET", "/status", self.status),
            ("GET", "/domain", self.domain),
            ("POST", "/model/parse", self.parse),
            ("POST", "/model/predict", self.predict_events),
            ("GET", f"{one}/tracker", self.tracker),
            ("POST", f"{one}/tracker/events", self.add_events),
            ("PUT", f"{one}/tracker/events", self.replace_events),
            ("GET", f"{one}/story", self.story),
            ("POST", f"{one}/messages", self.note),
            ("POST", f"{one}/predict", self.predict),
            ("POST", f"{one}/execute", self.execute),
            ("POST", f"{one}/trigger_intent", self.trigger),
            *self.models.table(),
        )
        return [web.route(method, path, self._guarded(handler)) for method, path, handler in table]

    def _guarded(self, handler: Handler) -> Handler:
        """Behind the token, and with every failure in Rasa's shape."""

        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            self._check_token(request)
            try:
                return await handler(request)
            except Refusal:
                raise
            except FrontdeskError as error:
                raise Refusal(error.status, "ConversationError", error.message) from error
            except web.HTTPException:
                raise
            except Exception as error:  # the message may quote a customer
                log.error("%s %s failed: %s", request.method, handler.__name__, place_of(error))
                raise failed("An unexpected error occurred. It has been noted.") from error

        return guarded

    def _check_token(self, request: web.Request) -> None:
        """By the header, or in the address as Rasa's clients send it. Raises Refusal."""
        if self.token is None:
            raise closed()
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        for given, token in (
            (header, f"Bearer {self.token}"),
            (request.query.get("token", ""), self.token),
        ):
            if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                return
        raise unknown_caller()

    async def version(self, request: web.Request) -> web.Response:
        """The version of Rasa whose interface this is."""
        return web.json_response({"version": SPOKEN, "minimum_compatible_version": OLDEST})

    async def status(self, request: web.Request) -> web.Response:
        """Which models serve."""
        bundle = self.bundle()
        return web.json_response({"model_file": bundle, "model_id": bundle, "num_active_training_jobs": 0})

    async def domain(self, request: web.Request) -> web.Response:
        """The domain as JSON, or as YAML where the Accept header asks for it."""
        accepts = request.headers.get(hdrs.ACCEPT, JSON)
        raw = dict(self.bot().domain.raw)
        if accepts.endswith(("yml", "yaml")):
            text = yaml.safe_dump(raw, sort_keys=False, allow_unicode=True)
            return web.Response(text=text, content_type=YAML)
        if accepts.endswith("json") or "*/*" in accepts:
            return web.json_response(raw)
        message = f'Invalid Accept header. Ask for json ("Accept: {JSON}") or yml ("Accept: {YAML}").'
        raise Refusal(406, "NotAcceptable", message)

    async def parse(self, request: web.Request) -> web.Response:
        """What a text was understood to mean; nothing is kept."""
        body = await incoming.read_object(request)
        text = incoming.text_of(body, "text", "No text message defined in request_body.")
        if request.query.get("emulation_mode"):
            raise bad_request("No other format is emulated.", part="emulation_mode", where="query")
        named = body.get("message_id")
        message_id = named if isinstance(named, str) else uuid.uuid4().hex
        return web.json_response(reading_to_parse_data(await self._read(text), text, message_id))

    async def _read(self, text: str) -> Reading:
        if payload := parse_payload(text):
            verdicts = (Verdict(payload.intent, 1.0),)
            return Reading(verdicts, (payload.intent,), entities=payload.entities)
        try:
            return await self.bot().inference.read(ReadRequest(text))
        except ReadError as error:
            raise Refusal(500, "ParsingError", "The models could not read the text.") from error

    async def predict_events(self, request: web.Request) -> web.Response:
        """The next action after these events; nothing is kept."""
        domain = self.bot().domain
        given = await incoming.read_events(request, at=self.conversations.clock())
        slots = {slot.name: slot.initial for slot in domain.slots.values() if slot.initial is not None}
        tracker = Tracker("default", tuple(from_json(event) for event in given), slots)
        ask = self.bot().inference.foresee
        return web.json_response(prediction(domain, tracker, incoming.verbosity(request), ask))

    async def tracker(self, request: web.Request) -> web.Response:
        """A conversation's state and events."""
        return web.json_response(await self._state(request, until=incoming.until(request)))

    async def add_events(self, request: web.Request) -> web.Response:
        """Put one event or a list of them on record, at the log's end."""
        return await self._change(request, adding)

    async def replace_events(self, request: web.Request) -> web.Response:
        """Go on as if only these events had been; what was before stays on record."""
        return await self._change(request, replacing)

    async def _change(
        self, request: web.Request, asked: Callable[[list[dict[str, Any]]], dict[str, Any]]
    ) -> web.Response:
        incoming.verbosity(request)  # a refusal comes before anything is done
        events = await incoming.read_events(request, at=self.conversations.clock())
        output = (
            request.query.get("output_channel") if incoming.flag(request, "execute_side_effects") else None
        )
        await self.conversations.ask(_sender(request), asked(events), output=output)
        return web.json_response(await self._state(request))

    async def story(self, request: web.Request) -> web.Response:
        """The conversation as a test story."""
        domain, time = self.bot().domain, incoming.until(request)
        await self.conversations.known(_sender(request))
        tracker = (await self.conversations.tracker(_sender(request), domain)).until(time)
        return web.Response(
            text=stories(domain, tracker, all_sessions=incoming.flag(request, "all_sessions"))
        )

    async def note(self, request: web.Request) -> web.Response:
        """Put a customer's message on record without answering it."""
        body = await incoming.read_object(request)
        if body.get("sender") != "user":
            message = "Currently, only user messages can be passed to this endpoint."
            raise bad_request(message, part="sender")
        text = body.get("text") or ""
        if not isinstance(text, str):
            raise bad_request("`text` must be a text.", part="text")
        incoming.verbosity(request)
        await self.conversations.ask(_sender(request), noting(incoming.parse_data_of(body)), text=text)
        return web.json_response(await self._state(request))

    async def predict(self, request: web.Request) -> web.Response:
        """The action that comes next."""
        domain, shown = self.bot().domain, incoming.verbosity(request)
        await self.conversations.known(_sender(request))
        tracker = await self.conversations.tracker(_sender(request), domain)
        return web.json_response(prediction(domain, tracker, shown, self.bot().inference.foresee))

    async def execute(self, request: web.Request) -> web.Response:
        """Run one action."""
        body = await incoming.read_object(request)
        name = incoming.text_of(body, "name", "Name of the action not provided in request body.")
        await self.conversations.known(_sender(request))
        domain = self.bot().domain
        own = {*domain.actions, *domain.responses, *domain.forms, *domain.flows, *domain.action_texts}
        if name not in own | BUILT_IN_ACTIONS:
            raise failed("There is no action of this name in the domain.")
        policy, confidence = body.get("policy"), body.get("confidence")
        what = executing(
            name,
            policy if isinstance(policy, str) else None,
            float(confidence) if isinstance(confidence, (int, float)) else None,
        )
        return await self._act(request, what)

    async def trigger(self, request: web.Request) -> web.Response:
        """Answer as if the customer had meant an intent."""
        body = await incoming.read_object(request)
        name = incoming.text_of(body, "name", "Name of the intent not provided in request body.")
        if name not in self.bot().domain.intents:
            raise Refusal(404, "NotFound", "The intent does not exist in the domain.")
        metadata = {IS_EXTERNAL: True, ENTITIES: incoming.entities_of(body)}
        return await self._act(request, triggering(), text=f"{PREFIX}{name}", metadata=metadata)

    async def _act(
        self,
        request: web.Request,
        what: dict[str, Any],
        *,
        text: str = "",
        metadata: dict[str, Any] | None = None,
    ) -> web.Response:
        """Have it done; the tracker, and what the bot said unless the customer's channel brings that."""
        incoming.verbosity(request)
        sender, output = _sender(request), request.query.get("output_channel")
        events, sent = await self.conversations.ask(sender, what, text=text, metadata=metadata, output=output)
        if what["do"] == "execute" and any(_is_held(item) for item in events):
            raise held()
        messages = {} if sent else {"messages": list(rasa_replies(sender, events))}
        return web.json_response({"tracker": await self._state(request), **messages})

    async def _state(self, request: web.Request, *, until: float | None = None) -> dict[str, Any]:
        """The tracker as it is now, or was at `until`."""
        domain = self.bot().domain
        tracker = (await self.conversations.tracker(_sender(request), domain)).until(until)
        return tracker.to_json(domain, incoming.verbosity(request))


def _sender(request: web.Request) -> str:
    return request.match_info["conversation_id"]


def _is_held(item: Numbered) -> bool:
    return isinstance(item.event, Decided) and item.event.row == "held"
