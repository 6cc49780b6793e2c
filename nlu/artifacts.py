"""Model bundles on disk: written once, verified byte by byte, promoted and rolled back by an atomic pointer.

Knows the manifest and the registry folder; knows nothing of what the parts contain.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nlu.errors import BundleCorrupt, BundleError, BundleMissing

FORMAT = 1
MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class BundleDetails:
    """What the maker of a bundle puts on record beside the files; JSON values only."""

    languages: tuple[str, ...]
    base: str
    data_sha256: str
    recipe: Mapping[str, Any]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle as its manifest describes it. Reading one verifies nothing; `verify` does."""

    id: str
    folder: Path
    created: datetime
    parts: tuple[str, ...]
    details: BundleDetails


class BundleWriter:
    """A bundle in the making, in a hidden folder of the registry. Ends in `finish` or `discard`."""

    def __init__(self, root: Path, *, base: Bundle | None = None, replace: Collection[str] = ()) -> None:
        """Starts empty, or from an older bundle without the parts in `replace`."""
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self.folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
        self.folder.chmod(0o755)
        if base is not None:
            for part in base.parts:
                if part not in replace:
                    shutil.copytree(base.folder / part, self.folder / part, copy_function=_link)

    def part(self, name: str) -> Path:
        """The empty folder of one part; what an earlier bundle had there is dropped."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def drop(self, name: str) -> None:
        """Removes a part that turned out to have nothing in it."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def finish(self, details: BundleDetails) -> Bundle:
        """Writes the manifest last, makes the files read-only and gives the folder its name in one rename."""
        now = datetime.now(UTC).replace(microsecond=0)
        files = {path: _fingerprint(self.folder / path) for path in sorted(_files(self.folder))}
        content = json.dumps([files, _as_json(details)["recipe"]], sort_keys=True).encode()
        identity = f"{now:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content).hexdigest()[:12]}"
        parts = sorted(p.name for p in self.folder.iterdir() if p.is_dir())
        manifest = {
            "format": FORMAT,
            "id": identity,
            "created": now.isoformat(),
            "parts": parts,
            **_as_json(details),
            "files": files,
        }
        for path in files:
            (self.folder / path).chmod(0o444)
        _write_atomically(self.folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        final = self._root / identity
        if final.exists():  # the same content, made twice within one second
            self.discard()
            return read_bundle(final)
        self.folder.rename(final)
        _sync_folder(self._root)
        return read_bundle(final)

    def discard(self) -> None:
        """Leaves nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read_bundle(folder: Path) -> Bundle:
    """What the manifest says, without checking the files. Raises BundleMissing, BundleCorrupt."""
    manifest = _read_manifest(folder)
    try:
        return Bundle(
            id=str(manifest["id"]),
            folder=folder,
            created=datetime.fromisoformat(manifest["created"]),
            parts=tuple(str(part) for part in manifest["parts"]),
            details=BundleDetails(
                languages=tuple(str(lang) for lang in manifest["languages"]),
                base=str(manifest["base"]),
                data_sha256=str(manifest["data_sha256"]),
                recipe=dict(manifest["recipe"]),
                metrics=dict(manifest["metrics"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleCorrupt(
            f"{folder.name}: its manifest lacks or garbles {error}.", path=MANIFEST
        ) from error


def verify(folder: Path) -> Bundle:
    """Checks every file against the manifest: none changed, missing or extra. Raises BundleCorrupt."""
    bundle, listed = read_bundle(folder), _read_manifest(folder).get("files")
    if not isinstance(listed, dict):
        raise BundleCorrupt(f"{folder.name}: its manifest lists no files.", path=MANIFEST)
    if bundle.id != folder.name and not folder.name.startswith(_UNFINISHED):
        raise BundleCorrupt(f"{folder.name}: its manifest is that of {bundle.id}.", path=MANIFEST)
    present = set(_files(folder)) - {MANIFEST}
    for path in sorted(set(listed) - present):
        raise BundleCorrupt(f"{folder.name}: {path} is missing; restore it or train anew.", path=path)
    for path in sorted(present - set(listed)):
        raise BundleCorrupt(f"{folder.name}: {path} is not in its manifest; remove it.", path=path)
    for path, expected in sorted(listed.items()):
        if _fingerprint(folder / path) != expected:
            raise BundleCorrupt(f"{folder.name}: {path} was changed; restore it or train anew.", path=path)
    return bundle


def list_bundles(root: Path) -> tuple[Bundle, ...]:
    """Every finished bundle that can be read, newest first; `unreadable` tells of the others."""
    bundles = [found for found in _each(root) if isinstance(found, Bundle)]
    return tuple(sorted(bundles, key=lambda b: (b.created, b.id), reverse=True))


def unreadable(root: Path) -> tuple[BundleError, ...]:
    """What is wrong with each finished bundle whose manifest cannot be read."""
    return tuple(found for found in _each(root) if isinstance(found, BundleError))


def find(root: Path, identity: str) -> Bundle:
    """The bundle of that id, or of the only id that starts so. No other bundle's manifest is looked at.

    Raises BundleMissing, BundleCorrupt; BundleError where several ids start so.
    """
    found = [folder for folder in _finished(root) if identity and folder.name.startswith(identity)]
    if len(found) > 1:
        raise BundleError(f"{identity} fits {len(found)} bundles; give more of the id.")
    if not found:
        raise BundleMissing(f"No bundle {identity} in {root}; `frontdesk models list` shows what there is.")
    return read_bundle(found[0])


def champion(root: Path) -> Bundle | None:
    """The promoted bundle, or None when nothing was promoted yet. Raises BundleMissing if it is gone."""
    identity = _pointer(root, "champion")
    if identity is None:
        return None
    if not (root / identity / MANIFEST).is_file():
        raise BundleMissing(
            f"The bundle that is to serve, {identity}, is not in {root}; restore it, promote another "
            "(`frontdesk models list` shows them) or train a new one."
        )
    return read_bundle(root / identity)


def promote(root: Path, identity: str) -> Bundle:
    """Makes a verified bundle the champion; the one before stays within reach of `rollback`."""
    bundle = verify(find(root, identity).folder)
    try:
        before = _pointer(root, "champion")
    except BundleCorrupt:  # a promotion is what mends it
        before = None
    if before and before != bundle.id:
        _write_atomically(root / "previous", before + "\n")
    _write_atomically(root / "champion", bundle.id + "\n")
    return bundle


def rollback(root: Path) -> Bundle:
    """Makes the previous champion the champion again; called twice, it is undone. Raises BundleMissing."""
    before = _pointer(root, "previous")
    if not before:
        raise BundleMissing(f"{root} has no earlier champion to go back to.")
    return promote(root, before)


def _finished(root: Path) -> list[Path]:
    """Folders of finished bundles; unfinished ones and other files are passed over."""
    if not root.is_dir():
        return []
    return sorted(p for p in root.iterdir() if _ID.fullmatch(p.name) and (p / MANIFEST).is_file())


def _each(root: Path) -> Iterator[Bundle | BundleError]:
    for folder in _finished(root):
        try:
            yield read_bundle(folder)
        except BundleError as error:
            yield error


def _pointer(root: Path, name: str) -> str | None:
    path = root / name
    if not path.is_file():
        return None
    identity = path.read_text(encoding="utf-8", errors="replace").strip()
    if not _ID.fullmatch(identity):
        raise BundleCorrupt(f"The pointer {name} in {root} holds no bundle id; promote a bundle.", path=name)
    return identity


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleMissing(f"{folder} holds no finished bundle: it has no {MANIFEST}.")
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise BundleCorrupt(
            f"{folder.name}: {MANIFEST} cannot be read ({error.strerror}); mend its permissions.",
            path=MANIFEST,
        ) from error
    except (ValueError, RecursionError) as error:  # also covers text that is no UTF-8
        raise BundleCorrupt(f"{folder.name}: {MANIFEST} is no JSON; restore it.", path=MANIFEST) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleCorrupt(
            f"{folder.name}: its manifest is not of format {FORMAT}; train anew.", path=MANIFEST
        )
    return manifest


def _as_json(details: BundleDetails) -> dict[str, Any]:
    return {
        "languages": list(details.languages),
        "base": details.base,
        "data_sha256": details.data_sha256,
        "recipe": dict(details.recipe),
        "metrics": dict(details.metrics),
    }


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            yield name
        elif not stat.S_ISDIR(mode):  # a link could point at files the manifest does not cover
            raise BundleCorrupt(f"{folder.name}: {name} is no plain file; remove it.", path=name)


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": path.stat().st_size}


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, 0o644)
    os.replace(name, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
