"""Alembic's way in: runs the migrations in the transaction that bot.store.migrate opened."""

from __future__ import annotations

from alembic import context

from bot.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place; batch mode writes a new one and moves the rows.
    render_as_batch=True,
)
context.run_migrations()
