"""Writes values as YAML that people can read and edit, and that bot.project.yaml reads back unchanged.

Knows YAML 1.2's plain scalars; decides nothing about what is written.
"""

from __future__ import annotations

from typing import Any

import yaml

from bot.project.yaml import plain_value

_OTHER_BREAKS = frozenset("\x85\u2028\u2029")
_TEXT = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Keeps long texts in `|` blocks, and writes a value that comes twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if _OTHER_BREAKS & set(text):
        # YAML reads these as line breaks; in double quotes they are escaped.
        return dumper.represent_scalar(_TEXT, text, style='"')
    if "\n" in text:
        return dumper.represent_scalar(_TEXT, text, style="|")
    # PyYAML knows YAML 1.1, in which some numbers of 1.2 are texts.
    return dumper.represent_scalar(_TEXT, text, style=None if isinstance(plain_value(text), str) else '"')


_Dumper.add_representer(str, _represent)


def to_yaml(value: Any, *, flow: bool = False) -> str:
    """The value as YAML lines, in one line where `flow` says so."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=10**9,
        default_flow_style=flow,
        explicit_end=False,
    ).removesuffix("...\n")
