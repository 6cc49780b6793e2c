"""The history of the tables, as Alembic runs it; bot.store.migrate is the way in."""
