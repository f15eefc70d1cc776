"""Values of a row by a path: `doc.problem`, `choices[0].message.content`, `rollouts[].text`.

A key that is the whole path wins, so that `doc.problem` may also be a column's name. `[i]` is an
entry of a list (-1: the last), `[]` all of them. A list of chat messages stands for the content of
one of them.

Example:
    >>> row = {"doc": {"q": "1+1?"}, "draws": [{"text": "2"}, {"text": "3"}]}
    >>> value_at(row, "doc.q"), value_at(row, "draws[].text"), value_at(row, "draws[-1].text")
    ('1+1?', ['2', '3'], '3')
"""

import re
from collections.abc import Mapping, Sequence

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d*)\]")


def value_at(values: Mapping[str, object], path: str) -> object:
    """The value at a path.

    Raises:
        KeyError: there is none.
    """
    if path in values:
        return values[path]
    steps = _parse(path)
    if len(steps) < 2:
        raise KeyError(path)
    return _descend(values, steps, path)


def has_value(values: Mapping[str, object], path: str) -> bool:
    """Whether a row has a value at a path, null or not."""
    try:
        value_at(values, path)
    except KeyError:
        return False
    return True


def _parse(path: str) -> list[str | int | None]:
    """Keys, numbers of entries, and None for all entries; empty where the path is none."""
    steps: list[str | int | None] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return []
        key, number = match.groups()
        steps.append(key if key is not None else int(number) if number not in {"", "-"} else None)
        position = match.end()
    return steps


def _descend(value: object, steps: Sequence[str | int | None], path: str) -> object:
    for number, step in enumerate(steps):
        if step is None:
            if not isinstance(value, list):
                raise KeyError(path)
            return [_descend(entry, steps[number + 1 :], path) for entry in value]
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise KeyError(path) from None
    return value


def is_chat(value: object) -> bool:
    """Whether a value is a list of chat messages, or one of them."""
    if isinstance(value, list):
        return bool(value) and all(_is_message(entry) for entry in value)
    return _is_message(value)


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "content" in value and "role" in value


def message_text(value: object, role: str | None = None) -> object:
    """The content of the last message of a chat; any other value as it is.

    Args:
        value: of a row.
        role: of the message; None: any.

    Example:
        >>> message_text([{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}])
        '!'
    """
    if not is_chat(value):
        return value
    messages: list[dict[str, object]] = value if isinstance(value, list) else [value]  # type: ignore[list-item]
    chosen = [message for message in messages if role is None or message["role"] == role]
    content = (chosen or messages)[-1]["content"]
    if isinstance(content, list):  # parts, some of them images
        parts = [part.get("text", "") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if part)
    return content
