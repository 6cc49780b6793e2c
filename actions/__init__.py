"""The action server of the example insurer: risk, triage and the checks of its forms, over rasa-sdk's protocol."""
