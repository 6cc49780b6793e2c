"""HTML as blocks: headings, paragraphs, items, rows, and questions where the page marks them as such.

Knows a page's parts by their tags; scripts, forms, navigation and what is hidden are never taken, save the
questions and answers of a FAQPage (schema.org), which are data. Fetches nothing.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from bot.documents.block import Document, tidy
from bot.documents.faq_page import faq_blocks
from bot.documents.html_walk import Walk
from bot.project.language import folded

_SKIPPED_TAGS = """
    script style noscript template head nav footer aside form button select textarea input iframe object
    embed svg math canvas audio video picture img dialog menu map
"""
_SKIPPED = frozenset(_SKIPPED_TAGS.split())
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PERMALINK = re.compile(r"\b(headerlink|anchor|permalink|heading-link)\b")
_SITE = re.compile(r"\s+[|·–—]\s+|\s+-\s+")


def read_html(text: str, name: str, *, title: str = "", made: bool = False) -> Document:
    """The document of a page; `made` of another format, whose lines its elements carry."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = lxml_html.document_fromstring(text.replace("\0", "").encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return Document(name, title, ())  # there is nothing but what no page is made of
    walk = Walk(_is_skipped, made=made)
    walk.through(_main(root))
    seen = {folded(block.text) for block in walk.blocks if block.kind in ("heading", "question")}
    scripts = (each.text or "" for each in root.iter("script") if _is_data(each))
    marked = [pair for pair in faq_blocks(scripts) if folded(pair[0].text) not in seen]
    blocks = (*walk.blocks, *(block for pair in marked for block in pair))
    return Document(name, title or _title(root), blocks)


def _title(root: Any) -> str:
    """The page's title without the site's name, which often follows it."""
    return _SITE.split(tidy([root.findtext(".//title") or ""]).replace("\n", " "))[0]


def _main(root: Any) -> Any:
    """The part of the page that is this page's own, where it is marked as such."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.findall(path)
        if len(found) == 1:
            return found[0]
    return root


def _is_data(script: Any) -> bool:
    return (script.get("type") or "").split(";")[0].strip().lower() == "application/ld+json"


def _is_skipped(element: Any) -> bool:
    return (
        element.tag in _SKIPPED
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or element.get("role") in ("navigation", "banner", "contentinfo", "search", "dialog")
        or bool(_HIDDEN_STYLE.search(element.get("style") or ""))
        or (element.tag == "a" and bool(_PERMALINK.search(element.get("class") or "")))
    )
