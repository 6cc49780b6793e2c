"""The errors of training; each message says what is wrong, where, and how to mend it.

Knows nothing of exit codes; `__main__` turns these into the last line of its output.
"""


class TrainingError(Exception):
    """Root of what training raises on purpose."""


class CorpusInvalid(TrainingError):
    """The corpus folder is incomplete, changed since it was written, or of a newer format."""


class BaseModelMissing(TrainingError):
    """The base model is neither a folder, nor carried by a package, nor on the hub."""


class TooLittleData(TrainingError):
    """A part cannot be trained from so few rows."""


class ReportUnwritable(TrainingError):
    """The folder that the report is to go into takes no file."""


class GateInputMissing(TrainingError):
    """Something that the gate must see is missing or unreadable; what cannot be shown has not been shown."""
