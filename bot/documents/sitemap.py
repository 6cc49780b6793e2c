"""Reads the sitemap of a site that lies in a folder, and finds its pages there.

Knows sitemaps (https://www.sitemaps.org/protocol.html) as far as they name pages. Fetches nothing: an address
that is no file of the folder is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import commonpath
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, parse

from bot.errors import SourceUnreadable

_NOT_FETCHED = "nothing is fetched, so copy the page into the folder"
LARGEST = 50 * 2**20  # bytes, as the protocol has it


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages that a sitemap names, by address, and why others are not taken."""

    pages: tuple[tuple[str, Path], ...]
    refused: tuple[tuple[str, str], ...]


def read_sitemap(path: Path) -> Sitemap:
    """The pages of a sitemap, in its order. Raises SourceUnreadable where it cannot be read as one."""
    folder = path.parent.resolve()
    addresses = [urlsplit(address) for address in dict.fromkeys(_named(path, folder, {path.resolve()}))]
    if not addresses:
        raise SourceUnreadable(f"{path.name} names no page. Delete it to take all pages of the folder.")
    site = addresses[0]
    above = _above(addresses, folder)
    pages: dict[Path, str] = {}
    refused: list[tuple[str, str]] = []
    for address in addresses:
        found = _file(address, site, folder, above)
        if isinstance(found, Path):
            pages.setdefault(found, address.geturl())
        else:
            refused.append((address.geturl(), found))
    return Sitemap(tuple((address, page) for page, address in pages.items()), tuple(refused))


def _named(path: Path, folder: Path, seen: set[Path]) -> Iterator[str]:
    """The addresses in a sitemap; where it names sitemaps, those in the sitemaps that the folder has."""
    root = _read(path)
    yield from filter(None, ((each.text or "").strip() for each in root.iterfind("{*}url/{*}loc")))
    for each in root.iterfind("{*}sitemap/{*}loc"):
        name = _parts(urlsplit((each.text or "").strip()))[-1:]
        nested = folder.joinpath(*name)
        if not nested.is_file() or not nested.resolve().is_relative_to(folder):
            raise SourceUnreadable(
                f"{path.name} names a sitemap that is not beside it. Copy it there; nothing is fetched."
            )
        if nested.resolve() not in seen:
            seen.add(nested.resolve())
            yield from _named(nested, folder, seen)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST:
            raise SourceUnreadable(
                f"{path.name} is larger than the 50 MiB that a sitemap may have. Split it."
            )
        return parse(path, forbid_dtd=True).getroot()
    except (ParseError, DefusedXmlException, ValueError) as error:
        message = f"{path.name} is no sitemap that can be read. Write it as XML without a DTD, not packed."
        raise SourceUnreadable(message) from error
    except OSError as error:
        raise SourceUnreadable(f"{path.name} cannot be read ({error.strerror}).") from error


def _parts(address: SplitResult) -> list[str]:
    return [part for part in unquote(address.path).split("/") if part]


def _above(addresses: Sequence[SplitResult], folder: Path) -> int:
    """How many leading names of the addresses stand for what is above the folder: as many as find most pages,
    since the folder may be a part of the site."""
    shared = commonpath(["/" + "/".join(_parts(address)) for address in addresses])
    common = len([part for part in shared.split("/") if part])
    return max(
        range(common + 1),
        key=lambda above: sum(isinstance(_file(each, each, folder, above), Path) for each in addresses),
    )


def _file(address: SplitResult, site: SplitResult, folder: Path, above: int) -> Path | str:
    """The file of the folder that an address means, or why there is none."""
    if (address.scheme, address.netloc.lower()) != (site.scheme, site.netloc.lower()):
        return f"it is of another site than the first address; {_NOT_FETCHED}"
    parts = _parts(address)[above:]
    if any(part == ".." or "\\" in part or "\0" in part for part in parts):
        return "it leads out of the folder"
    below = folder.joinpath(*parts)
    ways = [below, below / "index.html", below / "index.htm"]
    if parts:
        ways.append(below.with_name(f"{below.name}.html"))
    path = next((path for path in ways if path.is_file()), None)
    if path is None:
        return f"the folder has no such file; {_NOT_FETCHED}"
    return (
        path.resolve()
        if path.resolve().is_relative_to(folder)
        else "its file is a link that leads out of the folder"
    )
