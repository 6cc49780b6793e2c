"""Bundles: what was written is what is served, or nothing is; the champion moves at once and comes back."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlu.artifacts import (
    Bundle,
    BundleDetails,
    BundleWriter,
    champion,
    find,
    list_bundles,
    promote,
    read_bundle,
    rollback,
    unreadable,
    verify,
)
from nlu.errors import BundleCorrupt, BundleError, BundleMissing


def details(name: str = "fast") -> BundleDetails:
    return BundleDetails(("en",), "tiny", "0" * 64, {"name": name}, {"accuracy": 0.9})


def make(root: Path, content: str = "weights", *, name: str = "fast") -> Bundle:
    writer = BundleWriter(root)
    (writer.part("intents") / "model.bin").write_text(content)
    (writer.part("answers") / "index.bin").write_text("vectors")
    return writer.finish(details(name))


def writable(path: Path) -> Path:
    path.chmod(0o644)
    return path


def test_a_finished_bundle_says_what_it_is(tmp_path: Path) -> None:
    bundle = make(tmp_path)
    assert verify(bundle.folder) == bundle == read_bundle(bundle.folder)
    assert bundle.parts == ("answers", "intents")
    assert bundle.details.metrics == {"accuracy": 0.9}
    assert list_bundles(tmp_path) == (bundle,)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=st.integers(0, 6), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused_by_name(tmp_path: Path, where: int, bit: int) -> None:
    bundle = make(tmp_path)
    path = writable(bundle.folder / "intents/model.bin")
    whole = path.read_bytes()
    path.write_bytes(bytes(b ^ (1 << bit) if i == where else b for i, b in enumerate(whole)))
    with pytest.raises(BundleCorrupt, match=r"intents/model\.bin was changed") as caught:
        verify(bundle.folder)
    assert caught.value.path == "intents/model.bin"
    path.write_bytes(whole)
    verify(bundle.folder)


def test_missing_extra_and_linked_files_are_refused(tmp_path: Path) -> None:
    bundle = make(tmp_path)
    extra = bundle.folder / "intents/evil.py"
    extra.write_text("")
    with pytest.raises(BundleCorrupt, match=r"evil\.py is not in its manifest"):
        verify(bundle.folder)
    extra.unlink()
    extra.symlink_to("/etc/passwd")
    with pytest.raises(BundleCorrupt, match="no plain file"):
        verify(bundle.folder)
    extra.unlink()
    (bundle.folder / "answers/index.bin").unlink()
    with pytest.raises(BundleCorrupt, match=r"index\.bin is missing"):
        verify(bundle.folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_manifest_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    bundle = make(tmp_path)
    writable(bundle.folder / "manifest.json").write_text(text)
    with pytest.raises(BundleCorrupt, match="manifest"):
        verify(bundle.folder)


def test_a_renamed_bundle_is_refused(tmp_path: Path) -> None:
    bundle = make(tmp_path)
    other = tmp_path / "20200101T000000Z-000000000000"
    bundle.folder.rename(other)
    with pytest.raises(BundleCorrupt, match="manifest is that of"):
        verify(other)


def test_what_was_never_finished_is_no_bundle(tmp_path: Path) -> None:
    writer = BundleWriter(tmp_path)
    (writer.part("intents") / "model.bin").write_text("half")
    assert list_bundles(tmp_path) == ()
    with pytest.raises(BundleMissing):
        verify(writer.folder)
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_has_the_same_name_part(tmp_path: Path) -> None:
    one, two, three = make(tmp_path / "a"), make(tmp_path / "b"), make(tmp_path / "c", "other")
    assert one.id.split("-")[1] == two.id.split("-")[1] != three.id.split("-")[1]


def test_parts_of_an_older_bundle_are_kept_and_never_shared_for_writing(tmp_path: Path) -> None:
    older = make(tmp_path)
    writer = BundleWriter(tmp_path, base=older, replace=("intents",))
    assert not (writer.folder / "intents").exists()
    (writer.part("intents") / "model.bin").write_text("new weights")
    (writer.part("risk") / "model.json").write_text("{}")
    newer = writer.finish(details())
    assert newer.parts == ("answers", "intents", "risk")
    assert (newer.folder / "answers/index.bin").read_text() == "vectors"
    verify(newer.folder)
    verify(older.folder)
    mode = (newer.folder / "answers/index.bin").stat().st_mode
    assert not mode & 0o222


def test_champion_moves_and_comes_back(tmp_path: Path) -> None:
    assert champion(tmp_path) is None
    one, two = make(tmp_path, "one"), make(tmp_path, "two")
    with pytest.raises(BundleMissing, match="no earlier champion"):
        rollback(tmp_path)
    promote(tmp_path, one.id)
    promote(tmp_path, two.id)
    promote(tmp_path, two.id)
    assert champion(tmp_path) == two
    assert rollback(tmp_path) == one == champion(tmp_path)
    assert rollback(tmp_path) == two == champion(tmp_path)


def test_a_corrupt_bundle_is_never_promoted(tmp_path: Path) -> None:
    good, bad = make(tmp_path, "good"), make(tmp_path, "bad")
    promote(tmp_path, good.id)
    writable(bad.folder / "intents/model.bin").write_text("worse")
    with pytest.raises(BundleCorrupt):
        promote(tmp_path, bad.id)
    assert champion(tmp_path) == good


def test_a_bundle_is_found_by_what_its_id_begins_with(tmp_path: Path) -> None:
    one, _ = make(tmp_path, "one"), make(tmp_path, "two")
    assert find(tmp_path, one.id) == one
    with pytest.raises(BundleError, match="fits 2 bundles"):
        find(tmp_path, one.id[:4])
    with pytest.raises(BundleMissing):
        find(tmp_path, "nothing")
    with pytest.raises(BundleMissing):
        find(tmp_path, "")


def test_a_pointer_that_points_outside_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "champion").write_text("../../etc")
    with pytest.raises(BundleCorrupt, match="no bundle id"):
        champion(tmp_path)


def test_the_manifest_covers_every_file(tmp_path: Path) -> None:
    bundle = make(tmp_path)
    listed = json.loads((bundle.folder / "manifest.json").read_text())["files"]
    on_disk = {
        os.path.relpath(os.path.join(where, name), bundle.folder)
        for where, _, names in os.walk(bundle.folder)
        for name in names
    }
    assert on_disk - set(listed) == {"manifest.json"}
    assert all(set(entry) == {"sha256", "size"} for entry in listed.values())


def broken(root: Path, manifest: str) -> Path:
    """A bundle whose manifest says `manifest`."""
    folder = make(root, "other weights").folder
    writable(folder / "manifest.json").write_text(manifest)
    return folder


@pytest.mark.parametrize("manifest", ["{", "[]", '{"format": 99}', '{"format": 1}', "[" * 100_000])
def test_one_unreadable_manifest_is_told_of_and_stands_in_nobodys_way(tmp_path: Path, manifest: str) -> None:
    first, second = make(tmp_path), make(tmp_path, "second")
    promote(tmp_path, first.id)
    bad = broken(tmp_path, manifest)
    assert champion(tmp_path) == first
    assert find(tmp_path, second.id) == second
    assert {bundle.id for bundle in list_bundles(tmp_path)} == {first.id, second.id}
    assert [bad.name in str(error) for error in unreadable(tmp_path)] == [True]
    assert promote(tmp_path, second.id) == second
    assert rollback(tmp_path) == first
    with pytest.raises(BundleCorrupt, match=bad.name):
        promote(tmp_path, bad.name)


@pytest.mark.parametrize("pointer", [b"", b"../elsewhere", b"\xff\xfe"])
def test_a_promotion_mends_a_pointer_that_holds_no_id(tmp_path: Path, pointer: bytes) -> None:
    bundle = make(tmp_path)
    (tmp_path / "champion").write_bytes(pointer)
    with pytest.raises(BundleCorrupt, match="promote a bundle"):
        champion(tmp_path)
    assert promote(tmp_path, bundle.id) == champion(tmp_path) == bundle
    with pytest.raises(BundleMissing):
        rollback(tmp_path)


def test_a_champion_that_is_gone_says_what_would_help(tmp_path: Path) -> None:
    bundle = make(tmp_path)
    promote(tmp_path, bundle.id)
    bundle.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(BundleMissing, match=rf"{bundle.id}.*promote another"):
        champion(tmp_path)
