"""The small bot's own actions, run by rasa-sdk as a Rasa project's are."""
