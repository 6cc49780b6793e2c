"""Settings: one frozen object, read once from the command line and the environment.

Knows names, defaults and where a project keeps what it makes. Secrets come from the environment, or from a
file that only its owner can read, made at the first start; never from the project's own files.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from bot.addresses import Network
from bot.errors import FrontdeskError

HOME = ".frontdesk"
LOG_LEVELS = ("warning", "info", "debug")  # the first is the default
SHORTEST_SECRET = 32  # characters: 128 bits, written in hexadecimal


class SettingInvalid(FrontdeskError):
    """A setting cannot be used; the message names it and never shows its value."""

    def __init__(self, message: str) -> None:
        super().__init__("setting_invalid", 422, message)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server runs. Times are seconds, sizes bytes. `proxies` are believed about whom they call
    for.
    """

    project: Path
    home: Path
    database: str
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    secret: str = ""
    rest_token: str | None = None
    api_token: str | None = None
    cors_origins: tuple[str, ...] = ()
    proxies: tuple[Network, ...] = ()
    action_url: str | None = None
    action_timeout: float = 8.0
    action_log: str = "warning"
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
    folder. Raises SettingInvalid.
    """
    home = _home(Path(environment.get("FRONTDESK_HOME") or project / HOME))
    return Settings(
        project=project.resolve(),
        home=home,
        database=database
        or environment.get("FRONTDESK_DATABASE")
        or f"sqlite+aiosqlite:///{home / 'bot.db'}",
        host=host or environment.get("FRONTDESK_HOST") or "127.0.0.1",
        port=port if port is not None else _whole(environment, "FRONTDESK_PORT", 8080, range(65536)),
        public_url=environment.get("FRONTDESK_PUBLIC_URL") or None,
        secret=_secret(environment, home / "secret"),
        rest_token=environment.get("FRONTDESK_REST_TOKEN") or None,
        api_token=environment.get("FRONTDESK_API_TOKEN") or None,
        cors_origins=_listed(environment, "FRONTDESK_CORS_ORIGINS"),
        proxies=_networks(environment, "FRONTDESK_TRUSTED_PROXIES"),
        action_url=environment.get("FRONTDESK_ACTION_URL") or None,
        action_log=_one_of(environment, "FRONTDESK_ACTION_LOG", LOG_LEVELS),
        threads=_whole(environment, "FRONTDESK_THREADS", 1, range(1, 1025)),
    )


def _home(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingInvalid(
            f"The folder {folder} cannot be made ({error.strerror}); set FRONTDESK_HOME to one that can."
        ) from error
    return folder.resolve()


def _whole(environment: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    """A whole number. Raises SettingInvalid."""
    given = environment.get(name, "").strip()
    if not given:
        return default
    if not (given.isascii() and given.isdecimal()) or len(given) > 9 or int(given) not in allowed:
        raise SettingInvalid(
            f"{name} must be a whole number from {allowed[0]} to {allowed[-1]}; mend it, or unset it for "
            f"{default}."
        )
    return int(given)


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of these words, the first by default. Raises SettingInvalid."""
    given = environment.get(name, "").strip().lower() or allowed[0]
    if given not in allowed:
        raise SettingInvalid(f"{name} must be one of {', '.join(allowed)}; mend it, or unset it.")
    return given


def _listed(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """What stands between the commas."""
    return tuple(part.strip() for part in environment.get(name, "").split(",") if part.strip())


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """Addresses and networks. Raises SettingInvalid."""
    try:
        return tuple(ip_network(part) for part in _listed(environment, name))
    except ValueError:
        raise SettingInvalid(
            f"{name} must be addresses or networks with commas between, like 127.0.0.1,10.0.0.0/8; mend it."
        ) from None


def _secret(environment: Mapping[str, str], path: Path) -> str:
    """The server's secret: the given one, else its own. Raises SettingInvalid."""
    given = environment.get("FRONTDESK_SECRET")
    if not given:
        return _own_secret(path)
    if len(given) < SHORTEST_SECRET:
        raise SettingInvalid(
            f"FRONTDESK_SECRET has fewer than {SHORTEST_SECRET} characters and could be guessed; take the "
            "output of `openssl rand -hex 32`."
        )
    return given


def _own_secret(path: Path) -> str:
    """Made once, readable by its owner alone. It appears under its name only when it is whole."""
    try:
        if not path.exists():
            _make_secret(path)
        found = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise SettingInvalid(
            f"The secret in {path} cannot be kept or read ({error.strerror}); mend that, or set "
            "FRONTDESK_SECRET."
        ) from error
    if len(found) < SHORTEST_SECRET:
        raise SettingInvalid(
            f"{path} holds no whole secret; delete it, and the next start makes a new one. Visitors of the "
            "chat page then begin new conversations."
        )
    return found


def _make_secret(path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass  # another process was first; its secret holds
    finally:
        os.unlink(name)
