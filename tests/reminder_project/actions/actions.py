"""Sets and calls off reminders, as an action of a Rasa project does."""

import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ReminderCancelled, ReminderScheduled
from rasa_sdk.executor import CollectingDispatcher

Events = list[dict[str, Any]]


class Remind(Action):
    """`once_only`: the customer's next word makes the reminder needless."""

    once_only = False

    def name(self) -> str:
        return "action_remind"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(text="I will.")
        moment = datetime.datetime.now() + datetime.timedelta(seconds=1)  # noqa: DTZ005
        return [
            ReminderScheduled(
                "EXTERNAL_water",
                trigger_date_time=moment,
                entities=tracker.latest_message["entities"],
                name="watering",
                kill_on_user_message=self.once_only,
            )
        ]


class RemindUnlessWritten(Remind):
    once_only = True

    def name(self) -> str:
        return "action_remind_unless_written"


class Forget(Action):
    def name(self) -> str:
        return "action_forget"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(text="Forgotten.")
        return [ReminderCancelled(name="watering")]
