"""Makes XML elements, from which the page and the picture are written.

Text only ever becomes text, so nothing that a project's files say can become markup; what XML cannot hold and
what would turn a line's direction is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)

Child = Element | str | None


def element(tag: str, attributes: Mapping[str, str | None] | None = None, *children: Child) -> Element:
    """An element; attributes and children that are None are left out."""
    made = Element(tag, {name: fit(v) for name, v in (attributes or {}).items() if v is not None})
    for child in children:
        if isinstance(child, str):
            if len(made):
                made[-1].tail = (made[-1].tail or "") + fit(child)
            else:
                made.text = (made.text or "") + fit(child)
        elif child is not None:
            made.append(child)
    return made


def fit(text: str) -> str:
    return _UNFIT.sub("", text)
