"""Reads which system entities a project wants, from Rasa's `DucklingEntityExtractor` or from our own section.

Knows the keys; what the dimensions find is `nlu.system_entities`'s.
"""

from __future__ import annotations

import re

from bot.project.model import SystemEntitySettings
from bot.project.node import Entries, check_keys, names, text
from bot.project.report import Report, suggest
from nlu.errors import NluError
from nlu.system_entities import DIMENSIONS, SystemEntities

COMPONENT = "DucklingEntityExtractor"
KEYS = ("dimensions", "locale", "timezone")
_RASA_KEYS = ("name", "url", "timeout")  # of Duckling's server, which is not asked
_REGION = re.compile(r"[A-Za-z]{2,3}[-_]([A-Za-z]{2})")


def read_system_entities(rasa: Entries | None, own: Entries, report: Report) -> SystemEntitySettings | None:
    """The settings; our own section goes before Rasa's component. None where neither stands."""
    found = own or rasa
    if not found:
        return None
    where = "frontdesk.system_entities" if own else COMPONENT
    check_keys(found, KEYS if own else (*KEYS, *_RASA_KEYS), where, report)
    wanted = names(found.get("dimensions"), f"{where}.dimensions", report)
    known = [name for name in wanted if name in DIMENSIONS]
    for name in wanted:
        if name not in DIMENSIONS:
            mend = suggest(name, tuple(DIMENSIONS), f"Use some of {', '.join(DIMENSIONS)}.")
            report.warn(found["dimensions"].place, f"The dimension `{name}` is not found here.", mend)
    if not wanted:
        known = list(DIMENSIONS)  # as Duckling does, which then looks for all it knows
    locale = text(found.get("locale"), f"{where}.locale", report) or ""
    region = match[1].upper() if (match := _REGION.fullmatch(locale)) else None
    settings = SystemEntitySettings(
        tuple(known), text(found.get("timezone"), f"{where}.timezone", report) or "UTC", region
    )
    try:
        SystemEntities(settings.dimensions, timezone=settings.timezone, region=settings.region)
    except NluError as error:
        key = next((key for key in ("timezone", "locale") if key in found), "dimensions")
        report.error(found[key].place, str(error), "Correct it.")
        return None
    return settings
