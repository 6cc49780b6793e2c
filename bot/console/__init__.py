"""The agents' HTTP and WebSocket interface."""
