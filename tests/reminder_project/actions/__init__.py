"""Actions that set and call off reminders, run by rasa-sdk as a Rasa project's are."""
