"""The bot of a new project has no action of its own."""
