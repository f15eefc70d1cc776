"""What a guest writes of its cases; standard library alone."""

import os

from passk.domains.code.sandbox import frames

_MESSAGE = 500  # characters of an exception's message that are kept


class OutputLimitError(Exception):
    """More output than is allowed."""


class ResultPipe:
    """The result pipe. One write per case: what is written outlives a program that kills itself."""

    def __init__(self, file: int, most: int) -> None:
        self._file, self._left = file, most

    def write(self, kind: bytes, payload: bytes) -> None:
        """Write a frame.

        Raises:
            OutputLimitError: the program has written all that it may.
        """
        self._left -= len(payload)
        if self._left < 0:
            raise OutputLimitError
        data = frames.pack(kind, payload)
        while data:
            data = data[os.write(self._file, data) :]


def describe(error: BaseException) -> bytes:
    """An exception's type and message; both are the program's to say."""
    try:
        text = f"{type(error).__name__}: {str(error)[:_MESSAGE]}"
    except BaseException:
        text = "an exception that cannot be described"
    return text.encode("ascii", "backslashreplace")
