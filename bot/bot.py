"""What a turn asks of the world, each question given to the part that answers it.

Knows the parts of a bot and where a conversation's earlier events are; no answer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.action_client import ActionClient
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event
from bot.dialogue.ports import ActionCall, ActionError, ActionReply, Ports, SayError, SayRequest
from bot.inference import Inference
from bot.response_server import ResponseServer
from bot.store.log import Log

EARLIER = 500  # events before the turn that a server is sent


@dataclass(frozen=True, slots=True)
class Bot:
    """What a turn is driven with. Swapped as a whole when the project or the bundle changes."""

    domain: Domain
    inference: Inference
    actions: ActionClient | None
    responses: ResponseServer | None = None

    def ports(self, log: Log, before: Conversation) -> Ports:
        """The ports of a turn that begins with this state."""

        async def earlier() -> list[Event]:
            found = await log.after(before.id, max(0, before.seq - EARLIER), limit=EARLIER)
            return [item.event for item in found]

        async def act(call: ActionCall) -> ActionReply:
            if self.actions is None:
                raise ActionError("no_action_server")
            return await self.actions.run(call, await earlier())

        async def say(request: SayRequest) -> Mapping[str, Any]:
            if self.responses is None:
                raise SayError("no_response_server")
            return await self.responses.say(request, await earlier())

        return Ports(
            read=self.inference.read,
            act=act,
            word=self.inference.word,
            say=say if self.responses else None,
            foresee=self.inference.foresee,
        )
