"""Values within nested rows, by paths such as `doc.problem` or `choices[0].message.content`.

A whole key that holds dots wins over nesting; `[]` takes every element of a list, `[-1]` the last.
A list of chat messages stands for the content of its last message, as a question for that of its
last user message.

Example:
    >>> row = {"doc": {"q": 1}, "a.b": 2, "rollouts": [{"text": "x"}, {"text": "y"}]}
    >>> lookup(row, "doc.q"), lookup(row, "a.b"), lookup(row, "rollouts[].text")
    (1, 2, ['x', 'y'])
    >>> lookup(row, "doc.none") is MISSING
    True
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

_STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+|)\]|(\.)")
USER = ("user", "human")
ASSISTANT = ("assistant", "bot", "ai", "gpt", "model")
_NO_MODEL = (*USER, "system", "developer", "tool", "function", "observation")


class _Missing:
    """What a path leads to where nothing is; null is a value of its own."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class PathError(ValueError):
    """A path that cannot be read as one."""


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str | int | None, ...]:
    """Keys (text), positions (whole numbers) and `[]` (None) of a path.

    Raises:
        PathError: it is none.

    Example:
        >>> steps("choices[0].message")
        ('choices', 0, 'message')
    """
    parsed: list[str | int | None] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise PathError(f"{path!r}: not a path; write e.g. doc.problem or choices[0].text")
        if match[1] is not None:
            parsed.append(match[1])
        elif match[2] is not None:
            parsed.append(int(match[2]) if match[2] else None)
        position = match.end()
    return tuple(parsed)


def lookup(row: Any, path: str) -> Any:  # noqa: ANN401
    """The value at a path; `MISSING` where there is none."""
    if isinstance(row, dict) and path in row:
        return row[path]
    if isinstance(row, dict) and "." in path:
        # a key that holds dots, with more behind it
        for key in sorted((k for k in row if "." in k and path.startswith(k)), key=len)[::-1]:
            rest = path[len(key) :]
            if rest[0] in ".[":
                return lookup(row[key], rest.removeprefix("."))
    return _walk(row, steps(path))


def value_at(values: Mapping[str, object], path: str) -> object:
    """The value at a path.

    Raises:
        KeyError: there is none, or an entry of a list has none.
    """
    try:
        value = lookup(values, path)
    except PathError:
        raise KeyError(path) from None
    if value is MISSING or (isinstance(value, list) and MISSING in value):
        raise KeyError(path)
    return value


def has_value(values: Mapping[str, object], path: str) -> bool:
    """Whether a row has a value at a path, null or not."""
    try:
        value_at(values, path)
    except KeyError:
        return False
    return True


def _walk(value: Any, path: Sequence[str | int | None]) -> Any:  # noqa: ANN401
    for position, step in enumerate(path):
        if step is None:
            if not isinstance(value, list | tuple):
                return MISSING
            rest = path[position + 1 :]
            return [_walk(element, rest) for element in value]
        if isinstance(step, int):
            if not isinstance(value, list | tuple) or not -len(value) <= step < len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def is_chat(value: object) -> bool:
    """Whether a value is a list of chat messages.

    Example:
        >>> is_chat([{"role": "user", "content": "2 + 2?"}]), is_chat(["a"])
        (True, False)
    """
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(message, dict) and _role(message) is not None for message in value)
    )


def _role(message: dict[str, Any]) -> str | None:
    role = message.get("role", message.get("from"))
    return role.lower() if isinstance(role, str) else None


def content(message: dict[str, Any]) -> object:
    """The text of a message; of a list of parts, those of text.

    Example:
        >>> content({"content": [{"type": "reasoning", "reasoning": "Hm."}, {"text": "Four."}]})
        'Four.'
    """
    text = next((message[key] for key in ("content", "value", "prompt") if key in message), None)
    if isinstance(text, list | tuple):
        parts = [part.get("text") if isinstance(part, dict) else part for part in text]
        text = "".join(part for part in parts if isinstance(part, str))
    return text


def answered(value: object) -> object:
    """A response: of chat messages, the content of the last one; of one message, its content.

    Of a chat that ends before the model answers, None.

    Example:
        >>> answered([{"role": "user", "content": "1 + 1?"}]) is None
        True
    """
    if is_chat(value):
        value = list(value)[-1]  # type: ignore[call-overload]
    if isinstance(value, dict) and (role := _role(value)) is not None:
        return None if role in _NO_MODEL else content(value)
    return value


def asked(value: object) -> object:
    """A question: of chat messages, the content of the last one of the user."""
    if not is_chat(value):
        return value
    messages = list(value)  # type: ignore[call-overload]
    users = [message for message in messages if _role(message) in USER]
    return content((users or messages)[-1])
