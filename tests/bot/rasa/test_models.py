"""Rasa's routes about models: which bundle serves is the registry's to say, and the rest is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nlu.artifacts import Bundle, BundleDetails, BundleWriter, champion, promote, rollback
from tests.bot.rasa.conftest import TOKEN, Caller
from tests.bot.rasa.test_api import FAILURE


def make(root: Path, content: str) -> Bundle:
    writer = BundleWriter(root)
    (writer.part("intents") / "model.bin").write_text(content)
    return writer.finish(BundleDetails(("en",), "tiny", "0" * 64, {}, {"accuracy": 0.9}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "bundles"  # where the small server's registry is


async def put(caller: Caller, body: Any) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return (await caller.server.client.put("/model", json=body, headers=headers)).status


async def serving(root: Path) -> str | None:
    chosen = champion(root)
    return chosen.id if chosen else None


async def test_a_bundle_of_the_registry_is_let_serve_and_the_one_before_stays(
    caller: Caller, root: Path
) -> None:
    one, two = make(root, "one"), make(root, "two")
    promote(root, one.id)
    assert await put(caller, {"model_file": two.id}) == 204
    assert await serving(root) == two.id
    assert rollback(root).id == one.id


async def test_what_is_no_bundle_changes_nothing(caller: Caller, root: Path, tmp_path: Path) -> None:
    one, spoilt = make(root, "one"), make(root, "two")
    promote(root, one.id)
    file = spoilt.folder / "intents" / "model.bin"
    file.chmod(0o644)
    file.write_text("three")
    elsewhere = make(tmp_path / "elsewhere", "x")
    for named in ("none", "", "../elsewhere/" + elsewhere.id, str(elsewhere.folder), 7, None, one.id[:2]):
        refused = await caller.put("/model", {"model_file": named}, status=400)
        assert set(refused) == FAILURE and refused["details"]["parameter"] == "model_file"
    refused = await caller.put("/model", {"model_file": spoilt.id}, status=500)
    assert refused["reason"] == "LoadingError" and str(root) not in str(refused)
    await caller.put("/model", ["x"], status=400)
    for key in ("model_server", "remote_storage"):
        refused = await caller.put("/model", {key: {"url": "http://127.0.0.1:1"}}, status=501)
        assert refused["reason"] == "NotImplemented"
    assert await serving(root) == one.id


@pytest.mark.parametrize(
    ("method", "path", "command"),
    [
        ("POST", "/model/train", "frontdesk train PROJECT"),
        ("POST", "/model/test/stories", "frontdesk test PROJECT"),
        ("POST", "/model/test/intents", "frontdesk evaluate intents"),
        ("DELETE", "/model", "frontdesk models rollback"),
    ],
)
async def test_what_is_done_elsewhere_says_where(
    caller: Caller, method: str, path: str, command: str
) -> None:
    refused = await caller.call(method, path, status=501)
    assert set(refused) == FAILURE and command in refused["message"]
    assert (refused["status"], refused["reason"], refused["code"]) == ("failure", "NotImplemented", 501)
