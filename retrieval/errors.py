"""The errors of this room: encoders, indexes and answers that cannot be read.

Knows nothing of HTTP or exit codes; the edges translate.
"""


class RetrievalError(Exception):
    """Root of what this room raises on purpose; the message is fit to show to an operator."""


class EncoderUnreadable(RetrievalError):
    """The folder holds no encoder this version can load."""


class IndexUnreadable(RetrievalError):
    """The folder holds no answer index this version can load."""


class AnswerInvalid(RetrievalError):
    """An answer, or a line of an answers file, has the wrong shape."""
