"""Where a new project's actions would be written; this one has none."""
