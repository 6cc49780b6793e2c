"""Reads the file that a lookup table of the old formats names: a value a line.

Knows that it must lie within the project; not what the values are.
"""

from __future__ import annotations

from pathlib import Path

from bot.project.yaml import LARGEST_FILE


def lookup_lines(folder: Path, given: str) -> list[str] | None:
    """Its lines; None where it cannot be had from `folder`."""
    path = (folder / given).resolve()
    try:
        if not path.is_relative_to(folder.resolve()) or path.stat().st_size > LARGEST_FILE:
            return None
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError):
        return None
    return [line.strip() for line in lines if line.strip().isprintable() and line.strip()]
