r"""A JSON document larger than memory, an entry at a time.

The decoder of the standard library reads each entry, from a window of text that grows until it
holds one: as fast as reading the document whole, and no dependency.

Example:
    >>> import io
    >>> document = JsonStream(io.StringIO('{"date": 1, "runs": [{"a": 2}, {"a": 3}]}'))
    >>> for key in document.names():
    ...     print(key, list(document.elements()) if key == "runs" else document.value())
    date 1
    runs [{'a': 2}, {'a': 3}]
"""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from passk.core.characters import well_formed_values

_WINDOW = 1 << 20  # characters that are read at least
_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in the text of a JSON document
_LONGEST_TOKEN = 16  # how close to the window's end an error may be that more text would mend
_NUMBER_GOES_ON = 4  # characters behind a number that ends in the window: `1`, and then `.5e-3`
_DECODER = json.JSONDecoder()


class JsonStream:
    """A document of which a window is in memory.

    Args:
        text: of the document; it is read on, never back.
    """

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._window, self._at, self._ended = "", 0, False

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            self._at = _SPACE.match(self._window, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._window) or not self._grow():
                return self._window[self._at : self._at + 1]

    def value(self) -> Any:  # noqa: ANN401  (JSON is anything)
        """The next value; half of a surrogate pair in it becomes U+FFFD.

        Raises:
            ValueError: there is none, or it is malformed.
            RecursionError: it is nested too deeply.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                if not self._may_go_on(error) or not self._grow():
                    raise ValueError(error.msg) from error
                continue
            goes_on = isinstance(value, int | float) and len(self._window) - end < _NUMBER_GOES_ON
            if goes_on and self._grow():
                continue
            mend = _SURROGATE.search(self._window, self._at, end) is not None
            self._at = end
            return well_formed_values(value) if mend else value

    def elements(self) -> Iterator[Any]:
        """The elements of the list that is next.

        Raises:
            ValueError: it is malformed.
        """
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def names(self) -> Iterator[str]:
        """The keys of the object that is next; between two the caller reads the value.

        Raises:
            ValueError: it is malformed.
        """
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise ValueError("Expecting a key in double quotes")
            key = self.value()
            self._take(":")
            yield key
            if self._take(",}") == "}":
                return

    def _take(self, legal: str) -> str:
        character = self.peek()
        if not character or character not in legal:
            raise ValueError(f"Expecting {' or '.join(map(repr, legal))}")
        self._at += 1
        return character

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Whether text behind the window may mend an error."""
        near = error.pos >= len(self._window) - _LONGEST_TOKEN
        return near or error.msg.startswith("Unterminated string")

    def _grow(self) -> bool:
        """Whether there was more text; the window doubles, so that no entry is read often."""
        if self._ended:
            return False
        rest = self._window[self._at :]
        more = self._text.read(max(_WINDOW, len(rest)))
        if not more:
            self._ended = True
            return False
        self._window, self._at = rest + more, 0
        return True
