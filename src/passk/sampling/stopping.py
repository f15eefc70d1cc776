"""Strings that end a response (`draws.*.stop`), for engines that decode tokens one by one.

The text is cut before the first such string; tokens are kept up to the one that completed it, and
the finish reason is `stop`. vLLM has the same by its own parameters.
"""

from collections.abc import Iterable, Sequence


def cut_text(text: str, stop: Iterable[str]) -> str:
    r"""A text up to the first of some strings; whole where none is in it.

    Example:
        >>> cut_text("42\n\nUser: next", ["User:", "\n\n"])
        '42'
    """
    places = [place for string in stop if (place := text.find(string)) >= 0]
    return text[: min(places)] if places else text


def has_stop(text: str, stop: Sequence[str]) -> bool:
    """Whether a response so far holds one of the strings that end it."""
    return any(string in text for string in stop)
