"""Settings: what may be said, what is refused by name, and a secret that is whole or not there."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot import config
from bot.config import SettingInvalid, Settings, read_settings


def settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    return read_settings(folder, environment=environment or {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRONTDESK_PORT", "abc"),
        ("FRONTDESK_PORT", "-1"),
        ("FRONTDESK_PORT", "65536"),
        ("FRONTDESK_PORT", "8_0"),
        ("FRONTDESK_PORT", "²"),
        ("FRONTDESK_PORT", "9" * 5000),
        ("FRONTDESK_THREADS", "0"),
        ("FRONTDESK_THREADS", "many"),
        ("FRONTDESK_ACTION_LOG", "loud"),
        ("FRONTDESK_TRUSTED_PROXIES", "proxy.example"),
        ("FRONTDESK_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("FRONTDESK_SECRET", "tooshort"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name_and_not_shown(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingInvalid, match=name) as caught:
        settings(tmp_path, {name: value})
    assert len(value) < 2 or value not in caught.value.message


def test_values_are_read_and_empty_ones_are_defaults(tmp_path: Path) -> None:
    given = {
        "FRONTDESK_PORT": " 8081 ",
        "FRONTDESK_THREADS": "",
        "FRONTDESK_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,2001:db8::/32",
        "FRONTDESK_CORS_ORIGINS": "https://a.example, ,https://b.example",
    }
    found = settings(tmp_path, given)
    assert (found.port, found.threads) == (8081, 1)
    assert found.cors_origins == ("https://a.example", "https://b.example")
    assert found.proxies == (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingInvalid, match="FRONTDESK_HOME"):
        settings(tmp_path, {"FRONTDESK_HOME": str(tmp_path / "file" / "home")})


def test_the_own_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = settings(tmp_path).secret, settings(tmp_path).secret
    assert first == second and len(first) == 64
    home = tmp_path / ".frontdesk"
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"]


@pytest.mark.parametrize("left", [b"", b"\n", b"0123456789", b"\xff\xfe"])
def test_half_a_secret_is_refused_and_not_served_with(tmp_path: Path, left: bytes) -> None:
    home = tmp_path / ".frontdesk"
    home.mkdir()
    (home / "secret").write_bytes(left)
    with pytest.raises(SettingInvalid, match="delete it"):
        settings(tmp_path)


def test_a_crash_while_the_secret_is_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", power_cut)
        with pytest.raises(KeyboardInterrupt):
            settings(tmp_path)
    assert not (tmp_path / ".frontdesk" / "secret").exists()
    assert len(settings(tmp_path).secret) == 64


def test_two_first_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: settings(tmp_path).secret, range(32)))
    assert len(found) == 1


def test_who_comes_second_keeps_the_firsts_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("the first one's")
    config._make_secret(path)
    assert path.read_text() == "the first one's"
    assert list(tmp_path.iterdir()) == [path]


def test_the_action_server_is_quiet_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path).action_log == "warning"
    assert settings(tmp_path, {"FRONTDESK_ACTION_LOG": "Debug"}).action_log == "debug"
