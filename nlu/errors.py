"""The errors of this room: what went wrong with a bundle or a part of it, and how to mend it.

Knows nothing of HTTP or exit codes; the edges translate.
"""


class NluError(Exception):
    """Root of what this room raises on purpose; the message is fit to show to an operator."""


class BundleError(NluError):
    """A bundle cannot be used."""


class BundleMissing(BundleError):
    """No bundle of that name, or no champion, in the registry."""


class BundleCorrupt(BundleError):
    """A bundle's files are not those its manifest lists; `path` is the first at fault, within the bundle."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class PartUnreadable(NluError):
    """A part of a bundle has a shape this version does not read."""
