"""Telegram: updates in by webhook, replies out by sendMessage (https://core.telegram.org/bots/api).

Knows Telegram's limits and errors (telegram_updates its updates); not when a reply is sent or tried again
(sender). Private chats only: in a group everybody would read the answers meant for one customer.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.channels.contract import (
    Misconfigured,
    SendFailed,
    Turns,
    Unauthorised,
    inbound,
    read_body,
)
from bot.channels.split import split
from bot.channels.telegram_updates import Pressed, Said, parse, read_update
from bot.dialogue.cards import all_buttons, cards
from bot.dialogue.events import BotSaid
from bot.dialogue.message import Button, InboundMessage
from bot.store.log import Log
from bot.store.outbox import Delivery

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
LARGEST_UPDATE = 256 * 1024
LONGEST_TEXT = 4096
LONGEST_WAIT = 300.0  # seconds between two attempts to register the webhook
LONGEST_PAYLOAD = 64  # bytes of callback_data
_API = "https://api.telegram.org"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN = re.compile(r"(\d+):[A-Za-z0-9_-]+")
_REFERENCE = re.compile(r"~(\d{1,15})\.(\d{1,3})")


@dataclass(frozen=True, slots=True)
class TelegramCredentials:
    """`api` is the platform's address, another one in tests or for a Bot API server of one's own."""

    access_token: str = field(repr=False)
    secret_token: str = field(repr=False)
    webhook_url: str | None = None
    api: str = _API

    @classmethod
    def read(cls, credentials: Mapping[str, Any], *, server_secret: str) -> TelegramCredentials:
        """The `telegram` block of credentials.yml, in Rasa's keys; `secret_token` and `api` are ours, both
        optional.

        Without a `secret_token` one is derived from the server's own secret; an empty one is a mistake.
        Raises Misconfigured.
        """
        access = str(credentials.get("access_token") or "")
        if not _TOKEN.fullmatch(access):
            raise Misconfigured(
                "telegram: 'access_token' must be the token that BotFather gave, like 123:ABC."
            )
        derived = hmac.new(server_secret.encode(), b"telegram webhook " + access.encode(), hashlib.sha256)
        secret = str(credentials.get("secret_token", derived.hexdigest()) or "")
        if not _SECRET.fullmatch(secret):
            raise Misconfigured("telegram: 'secret_token' must be 1 to 256 of A-Z, a-z, 0-9, _ and -.")
        url = credentials.get("webhook_url")
        return cls(access, secret, str(url) if url else None, str(credentials.get("api") or _API))

    @property
    def bot_id(self) -> str:
        return self.access_token.partition(":")[0]


@dataclass(frozen=True, slots=True)
class TelegramChannel:
    """`http` is closed by whoever opened it."""

    turns: Turns
    log: Log
    http: ClientSession
    credentials: TelegramCredentials
    clock: Callable[[], float] = time.time
    timeout: float = 15.0
    name: str = "telegram"
    # How many messages of a long reply Telegram has taken, so that a retry goes on where it stopped.
    _taken: dict[int, int] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/webhooks/telegram/", self.health),
            web.post("/webhooks/telegram/webhook", self.receive),
        ]

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def receive(self, request: web.Request) -> web.Response:
        """One update: kept before it is acknowledged; what is no message is acknowledged and left alone."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self.credentials.secret_token.encode()):
            raise Unauthorised("The webhook's secret token is missing or wrong.")
        update = read_update(await read_body(request, limit=LARGEST_UPDATE))
        message = await self._parse(update)
        if message:
            await self.turns.accept(message)
        pressed = update.get("callback_query")
        if isinstance(pressed, dict) and isinstance(pressed.get("id"), str):
            # A request in the webhook's own response stops the button's spinner without a call of its own.
            return web.json_response({"method": "answerCallbackQuery", "callback_query_id": pressed["id"]})
        return web.json_response({})

    async def _parse(self, update: Mapping[str, Any]) -> InboundMessage | None:
        """The customer's message in an update, or None for the kinds that carry none."""
        match parse(update):
            case Said(chat, text, kind, album):
                # An album comes as one update a picture: those without words are one message.
                name = f"album {album}" if album and not text else str(update["update_id"])
                shown = {"title": f"[{kind}] {text}".rstrip(), "media": kind} if kind else {}
                return self._message(name, chat, text, shown)
            case Pressed(chat, data):
                payload, title = await self._pressed(chat, data)
                shown = {"title": title} if title else {}
                return self._message(str(update["update_id"]), chat, payload, shown)
            case None:
                return None

    def _message(self, name: str, chat: int, text: str, metadata: dict[str, Any]) -> InboundMessage:
        return inbound(
            conversation_id=f"telegram:{chat}",
            channel=self.name,
            sender=str(chat),
            # Two bots count their updates apart.
            external_id=f"{self.credentials.bot_id}:{name}",
            text=text,
            at=self.clock(),
            metadata=metadata,
        )

    async def _pressed(self, chat: int, data: str) -> tuple[str, str | None]:
        """The payload of a pressed button: what it carried, or what the log says it stood for."""
        reference = _REFERENCE.fullmatch(data)
        if not reference:
            return data, None
        seq, place = int(reference[1]), int(reference[2])
        found = await self.log.after(f"telegram:{chat}", seq - 1, limit=1)
        if found and found[0].seq == seq and isinstance(found[0].event, BotSaid):
            buttons = all_buttons(found[0].event)
            if place < len(buttons):
                return buttons[place].payload, buttons[place].title
        return data, None

    async def send(self, delivery: Delivery) -> str | None:
        """One reply as one or more messages; the id of the last. Raises SendFailed."""
        calls = calls_for(delivery)
        if not calls:
            raise SendFailed("nothing_to_send", permanent=True)
        provider_id = None
        for place, (method, body) in enumerate(calls):
            if place < self._taken.get(delivery.id, 0):
                continue
            try:
                result = await self.call(method, body)
            except SendFailed as failure:
                if failure.permanent:
                    self._taken.pop(delivery.id, None)
                raise
            self._taken[delivery.id] = place + 1
            provider_id = (
                str(result["message_id"]) if isinstance(result, dict) and "message_id" in result else None
            )
        self._taken.pop(delivery.id, None)
        return provider_id

    async def register(self) -> None:
        """Ask Telegram to send updates to `webhook_url` with our secret. Raises SendFailed, Misconfigured."""
        url = self.credentials.webhook_url
        if not url or not url.startswith("https://"):
            raise Misconfigured(
                "telegram: 'webhook_url' must be the public https address of this server's webhook."
            )
        await self.call(
            "setWebhook",
            {
                "url": url,
                "secret_token": self.credentials.secret_token,
                "allowed_updates": ["message", "callback_query"],
            },
        )

    async def announce(self) -> None:
        """`register`, tried until Telegram takes it or no attempt can help; what went wrong is logged."""
        wait = 1.0
        while True:
            try:
                return await self.register()
            except Misconfigured as error:
                return log.error("%s", error.message)
            except SendFailed as failure:
                log.warning("telegram: the webhook is not registered yet: %s", failure.error)
                if failure.permanent:
                    return
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def call(self, method: str, body: Mapping[str, Any]) -> Any:
        """The `result` of one Bot API call. Raises SendFailed, whose code never holds the address with its
        token.
        """
        address = f"{self.credentials.api}/bot{self.credentials.access_token}/{method}"
        try:
            async with self.http.post(
                address, json=body, timeout=ClientTimeout(total=self.timeout), allow_redirects=False
            ) as response:
                status, answer = response.status, await response.json(content_type=None)
        except TimeoutError:
            raise SendFailed("timeout") from None
        except (ClientError, ValueError):
            raise SendFailed("unreachable") from None
        if status == 200 and isinstance(answer, dict) and answer.get("ok") is True:
            return answer.get("result")
        raise _failure(status, answer)


def calls_for(delivery: Delivery) -> list[tuple[str, dict[str, Any]]]:
    """The Bot API calls that say this reply, in Rasa's order: text with its buttons, image, attachment."""
    body = delivery.body
    texts = split(str(body.get("text") or ""), LONGEST_TEXT)
    if body.get("buttons") and not texts:
        texts = ["⬇️"]  # a keyboard needs a message to hang on
    calls: list[tuple[str, dict[str, Any]]] = [
        ("sendMessage", {"chat_id": delivery.address, "text": text}) for text in texts
    ]
    buttons = [Button(button["title"], button["payload"]) for button in body.get("buttons", ())]
    if buttons:
        calls[-1][1]["reply_markup"] = _keyboard(delivery.seq, 0, buttons)
    if isinstance(body.get("image"), str):
        calls.append(("sendPhoto", {"chat_id": delivery.address, "photo": body["image"]}))
    if isinstance(body.get("attachment"), str):
        calls.append(
            ("sendMessage", {"chat_id": delivery.address, "text": body["attachment"][:LONGEST_TEXT]})
        )
    return [*calls, *_cards(delivery, len(buttons))]


def _cards(delivery: Delivery, before: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """A picture and a text with buttons for each card; so many buttons stand `before` theirs."""
    to = {"chat_id": delivery.address}
    for card in cards(delivery.body.get("elements", ())):
        if card.image:
            yield "sendPhoto", {**to, "photo": card.image}
        texts = split("\n".join(card.lines), LONGEST_TEXT) or (["⬇️"] if card.buttons else [])
        for place, text in enumerate(texts, start=1):
            last = card.buttons and place == len(texts)
            markup = {"reply_markup": _keyboard(delivery.seq, before, card.buttons)} if last else {}
            yield "sendMessage", {**to, "text": text, **markup}
        before += len(card.buttons)


def _keyboard(seq: int, before: int, buttons: Sequence[Button]) -> dict[str, Any]:
    """One button a row. A payload over Telegram's 64 bytes travels as a reference to its place in the log."""
    rows = []
    for place, button in enumerate(buttons, start=before):
        payload = button.payload
        fits = 0 < len(payload.encode()) <= LONGEST_PAYLOAD and not _REFERENCE.fullmatch(payload)
        data = payload if fits else f"~{seq}.{place}"
        rows.append([{"text": button.title, "callback_data": data}])
    return {"inline_keyboard": rows}


def _failure(status: int, answer: Any) -> SendFailed:
    """What Telegram's refusal means for the next attempt. 401 may be mended by the operator, so it is tried
    again.
    """
    code = answer.get("error_code", status) if isinstance(answer, dict) else status
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if code == 429:
        return SendFailed(
            "too_many_requests", retry_after=float(wait) if isinstance(wait, int | float) else None
        )
    return SendFailed(f"telegram_{code}", permanent=code in (400, 403, 404))
