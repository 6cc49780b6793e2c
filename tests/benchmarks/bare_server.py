"""The benchmark's peer: the least that keeps a message: aiohttp and one durable SQLite commit."""

from __future__ import annotations

import sqlite3
import sys

from aiohttp import web


def make(path: str) -> web.Application:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, sender TEXT, text TEXT)")

    async def ready(request: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def receive(request: web.Request) -> web.Response:
        body = await request.json()
        database.execute(
            "INSERT INTO messages (sender, text) VALUES (?, ?)", (body["sender"], body["message"])
        )
        return web.json_response([{"recipient_id": body["sender"], "text": "Thank you."}])

    app = web.Application()
    app.add_routes([web.get("/health/ready", ready), web.post("/webhooks/rest/webhook", receive)])
    return app


if __name__ == "__main__":
    web.run_app(make(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), print=None)
