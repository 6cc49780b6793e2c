"""Keeps the champion's risk and triage models at hand, and notices when another bundle is promoted.

Knows bundles and their folders; not what the models are asked.
"""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from nlu.artifacts import MANIFEST, Bundle, champion, verify
from nlu.errors import NluError
from nlu.tabular import TabularModel
from nlu.urgency import UrgencyModel
from retrieval.encoder import Encoder
from retrieval.errors import RetrievalError

VARIABLE = "FRONTDESK_BUNDLE"
_POINTER = "champion"
_Stamp = tuple[int, int] | None

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Models:
    """What a bundle has for the actions; a part it lacks is None."""

    bundle: str = ""
    risk: TabularModel | None = None
    triage: UrgencyModel | None = None
    encoder: Encoder | None = None


class ModelShelf:
    """Gives the models of a bundle, or of the champion of a registry of bundles.

    `folder` is one bundle or a registry (see nlu/artifacts.py); without it there are no models.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._models = Models()
        self._stamp: _Stamp = None
        self._loading = asyncio.Lock()

    @classmethod
    def from_environment(cls) -> "ModelShelf":
        """The shelf of the folder that FRONTDESK_BUNDLE names, if it names one."""
        named = os.environ.get(VARIABLE)
        return cls(Path(named) if named else None)

    async def current(self) -> Models:
        """The models of now. Costs one `stat`, but for the first call after a promotion, which loads them.

        Bundles that cannot be used are logged and leave the models of before in place.
        """
        if self._folder is None or self._look(self._folder) == self._stamp:
            return self._models
        if self._loading.locked() and self._models.bundle:
            return self._models  # others go on with the old models while one call loads the new ones
        async with self._loading:
            stamp = self._look(self._folder)
            if stamp != self._stamp:
                self._models = await asyncio.to_thread(self._load, self._folder)
                self._stamp = stamp
        return self._models

    @staticmethod
    def _look(folder: Path) -> _Stamp:
        name = MANIFEST if (folder / MANIFEST).is_file() else _POINTER
        try:
            found = (folder / name).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _load(self, folder: Path) -> Models:
        try:
            is_bundle = (folder / MANIFEST).is_file()
            bundle = verify(folder) if is_bundle else _champion(folder)
            return Models() if bundle is None else _read(bundle)
        except (NluError, RetrievalError, OSError) as error:
            logger.error("The models stay as they were: %s", error)
            return self._models


def _champion(root: Path) -> Bundle | None:
    found = champion(root)
    return None if found is None else verify(found.folder)


def _read(bundle: Bundle) -> Models:
    has = set(bundle.parts)
    triage = {"medical", "encoder"} <= has
    return Models(
        bundle=bundle.id,
        risk=TabularModel.load(bundle.folder / "risk") if "risk" in has else None,
        triage=UrgencyModel.load(bundle.folder / "medical") if triage else None,
        encoder=Encoder.load(bundle.folder / "encoder") if triage else None,
    )
