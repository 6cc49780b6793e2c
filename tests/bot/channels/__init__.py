"""Channels over real HTTP and a real store."""
