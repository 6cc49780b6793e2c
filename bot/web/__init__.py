"""The chat page and the agents' console as a browser gets them: static files and their routes."""
