r"""What adapters of benchmarks with images share.

Prompts show a question alone, so answer choices stand in it, as the benchmark's own prompts write
them; `choices` keeps them besides. The image stands before the text.

Example:
    >>> answer_type("-3"), answer_type("0.50"), answer_type("C"), answer_type("2\\sqrt{3}")
    ('integer', 'float', 'text', 'expression')
    >>> lettered(["larger", "smaller"])
    '(A) larger\n(B) smaller'
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from passk.core.images import embedded
from passk.core.rows import RecordedError, Row

# What a tokenizer for chats takes for its own markup, wherever it stands.
_SPECIAL_TOKEN = re.compile(r"<\|[\w-]{1,40}\|>|<｜[^<>｜\n]{1,40}｜>")

TYPES = ("text", "integer", "float", "list", "expression")


def answer_type(answer: str) -> str:
    """The type of an answer whose benchmark names none; a single capital letter is text."""
    if re.fullmatch(r"-?\d+", answer):
        return "integer"
    if re.fullmatch(r"-?\d*\.\d+", answer):
        return "float"
    return "text" if re.fullmatch(r"[A-Z]", answer) else "expression"


def lettered(choices: Iterable[str]) -> str:
    """Choices as a question lists them."""
    return "\n".join(f"({chr(ord('A') + index)}) {choice}" for index, choice in enumerate(choices))


def question(row: Row, name: str, column: str) -> str:
    """A question, which must not be blank: an image alone asks nothing.

    Args:
        row: of the file.
        name: of the problem.
        column: of questions.
    """
    content = row.values.get(column)
    if not isinstance(content, str) or not content.strip():
        raise RecordedError(
            f"{row.place}: problem {name!r} has no question ({column!r} is {content!r}), only an "
            f"image; download the file again, or remove the row"
        )
    _refuse_special_tokens(row, name, column, content)
    return content


def _refuse_special_tokens(row: Row, name: str, column: str, content: str) -> None:
    """A token of a model's own in a text would end its turn, or count as another image."""
    if token := _SPECIAL_TOKEN.search(content):
        raise RecordedError(
            f"{row.place}: problem {name!r}: {column!r} holds {token[0]!r}, which tokenizers take "
            "for markup of their own (the end of a turn, a place of an image); remove it, or "
            f"leave the problem out: `without: [{name}]`"
        )


def image(row: Row, name: str, *columns: str) -> str | bytes:
    """The image of a problem: its bytes, where the row holds them, or its path.

    Args:
        row: of the file.
        name: of the problem.
        columns: that hold it, as a path, a data URL, base64 or `{bytes, path}`, in order of
            preference.

    Raises:
        RecordedError: no image, or something else in its place.
    """
    paths = []
    for column in columns:
        cell: Any = row.values.get(column)
        if isinstance(cell, Mapping):
            if isinstance(data := cell.get("bytes"), bytes):
                return data
            cell = cell.get("path")
        if isinstance(cell, str) and cell.strip():
            if (data := _embedded(row, name, column, cell.strip())) is not None:
                return data
            paths.append(cell)
        elif cell is not None:
            content = f"{type(cell).__name__} {str(cell)[:40]!r}"
            raise RecordedError(
                f"{row.place}: problem {name!r}: {column!r} is {content}; expected an image's path "
                "or {bytes, path}: download the file again"
            )
    if not paths:
        raise RecordedError(
            f"{row.place}: problem {name!r} has a question without its image "
            f"({' and '.join(map(repr, columns))} empty); download the file again, or remove the "
            "row"
        )
    return paths[0]


def _embedded(row: Row, name: str, column: str, cell: str) -> bytes | None:
    try:
        return embedded(cell)
    except ValueError as error:
        raise RecordedError(
            f"{row.place}: problem {name!r}: {column!r} is {error}; download the file again"
        ) from error


def among(row: Row, name: str, answer: str, choices: tuple[str, ...]) -> str:
    """An answer that must be one of the choices."""
    if answer not in choices:
        raise RecordedError(
            f"{row.place}: problem {name!r}: answer {answer!r} is none of its choices "
            f"{list(choices)}; download the file again"
        )
    return answer


def texts(row: Row, name: str, column: str) -> tuple[str, ...]:
    """A list of texts; empty where there is none."""
    entries = row.values.get(column)
    if entries is None:
        return ()
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise RecordedError(
            f"{row.place}: problem {name!r}: {column!r} is {entries!r}; expected a list of texts: "
            "download the file again"
        )
    for entry in entries:
        _refuse_special_tokens(row, name, column, entry)
    return tuple(entries)
