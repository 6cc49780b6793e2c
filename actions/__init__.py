"""The action server of the example insurer: risk, triage and form checks over rasa-sdk's protocol."""
