"""Settings: one frozen object, read once from the command line and the environment.

Knows names, defaults and where a project keeps what it makes. Secrets come from the environment, or from a
file that only its owner can read, made at the first start; never from the project's own files.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = ".frontdesk"


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server runs. Times are seconds, sizes bytes."""

    project: Path
    home: Path
    database: str
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    secret: str = ""
    rest_token: str | None = None
    cors_origins: tuple[str, ...] = ()
    action_url: str | None = None
    action_timeout: float = 8.0
    reply_timeout: float = 30.0
    lease: float = 30.0
    threads: int = 1
    largest_body: int = 64 * 1024
    turns_at_once: int = 64

    @property
    def bundles(self) -> Path:
        return self.home / "bundles"


def read_settings(
    project: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    database: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings for `project`: arguments first, then FRONTDESK_* variables, then the defaults. Makes the home
    folder.
    """
    home = Path(environment.get("FRONTDESK_HOME") or project / HOME).resolve()
    home.mkdir(parents=True, exist_ok=True)
    origins = environment.get("FRONTDESK_CORS_ORIGINS", "")
    return Settings(
        project=project.resolve(),
        home=home,
        database=database
        or environment.get("FRONTDESK_DATABASE")
        or f"sqlite+aiosqlite:///{home / 'bot.db'}",
        host=host or environment.get("FRONTDESK_HOST") or "127.0.0.1",
        port=port if port is not None else int(environment.get("FRONTDESK_PORT") or 8080),
        public_url=environment.get("FRONTDESK_PUBLIC_URL") or None,
        secret=environment.get("FRONTDESK_SECRET") or _own_secret(home / "secret"),
        rest_token=environment.get("FRONTDESK_REST_TOKEN") or None,
        cors_origins=tuple(origin.strip() for origin in origins.split(",") if origin.strip()),
        action_url=environment.get("FRONTDESK_ACTION_URL") or None,
        threads=int(environment.get("FRONTDESK_THREADS") or 1),
    )


def _own_secret(path: Path) -> str:
    """The server's own secret: made once, readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return path.read_text(encoding="ascii").strip()
