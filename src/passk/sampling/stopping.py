"""Strings that end a response (`draws.*.stop`), for engines that decode tokens one by one.

The text is cut before the first such string; tokens are kept up to the one that completed it, and
the finish reason is `stop`. vLLM has the same by its own parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StopStrings:
    """The strings of a draw, looked for in what a tokenizer makes of tokens.

    Attributes:
        strings: at least one.
        tokenizer: of the model.
    """

    strings: tuple[str, ...]
    tokenizer: Any

    def __call__(self, tokens: Sequence[int] | NDArray[np.int32]) -> bool:
        """Whether the last of some tokens completes one of the strings.

        Only the end is decoded: a token is a character at least, but for parts of one, of which
        there are four at most.
        """
        reach = 4 * max(map(len, self.strings)) + 4
        text: str = self.tokenizer.decode(list(map(int, tokens[-reach:])), skip_special_tokens=True)
        return any(string in text for string in self.strings)

    def cut(self, text: str) -> str:
        """A text up to the first of the strings; whole where none is in it."""
        places = [place for string in self.strings if (place := text.find(string)) >= 0]
        return text[: min(places)] if places else text


def make_stop(strings: tuple[str, ...], tokenizer: Any) -> StopStrings | None:  # noqa: ANN401
    """The strings of a draw; None where there are none."""
    return StopStrings(strings, tokenizer) if strings else None
