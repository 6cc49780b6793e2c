"""Taking a conversation up again that a person gave back: the question that was left open is put once more.

Knows what is open; who gave the conversation back, and how the question travels, is the caller's. Pure.
"""

from __future__ import annotations

from bot.dialogue import flows
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event, Returned
from bot.dialogue.fold import apply
from bot.dialogue.message import InboundMessage
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import Ports
from bot.dialogue.scene import Scene
from bot.dialogue.worded import each, worded


async def take_up(
    domain: Domain, conversation: Conversation, returned: Returned, ports: Ports, *, channel: str, sender: str
) -> list[Event]:
    """`returned`, and the events of asking again what a running form waits for.

    Nothing is asked where no form runs, where the session is over (the next message opens a new one), and
    where the question cannot be put: the form asks at the customer's next message then.
    """
    expiry, idle = domain.session.expiry, returned.at - conversation.last_active
    form = domain.form(conversation.loop)
    if form is None or conversation.paused or 0 < expiry < idle:
        return [returned]
    # The names of the calls to the action server come from the message's id: here from the place in the log.
    message = InboundMessage(
        conversation_id=conversation.id,
        channel=channel,
        sender=sender,
        external_id=f"returned:{conversation.seq}",
        text="",
        at=returned.at,
        seed=conversation.seq,
    )
    scene = Scene(domain, apply(conversation, returned), message, ports)
    await flows.ask_again(scene)
    scene.run(LISTEN)
    if scene.conversation.holder is not Holder.BOT:
        return [returned]
    told = worded(each(scene.told), domain, apply(conversation, returned), ports, channel=channel)
    return [returned, *[event async for event in told]]
