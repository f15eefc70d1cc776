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

from passk.core.rows import RecordedError, Row

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
    return "\n".join(f"({chr(ord('A') + place)}) {one}" for place, one in enumerate(choices))


def question(row: Row, name: str, column: str) -> str:
    """A question, which must not be blank: an image alone asks nothing.

    Args:
        row: of the file.
        name: of the problem.
        column: of questions.
    """
    found = row.values.get(column)
    if not isinstance(found, str) or not found.strip():
        raise RecordedError(
            f"{row.place}: problem {name!r} has no question ({column!r} is {found!r}), only an "
            f"image; download the file again, or remove the row"
        )
    return found


def image(row: Row, name: str, *columns: str) -> str | bytes:
    """The image of a problem: its bytes, where the row holds them, or its path.

    Args:
        row: of the file.
        name: of the problem.
        columns: that hold it, as a path or as `{bytes, path}`, in order of preference.

    Raises:
        RecordedError: no image, or something else in its place.
    """
    paths = []
    for column in columns:
        found: Any = row.values.get(column)
        if isinstance(found, Mapping):
            if isinstance(data := found.get("bytes"), bytes):
                return data
            found = found.get("path")
        if isinstance(found, str) and found.strip():
            paths.append(found)
        elif found is not None:
            shown = f"{type(found).__name__} {str(found)[:40]!r}"
            raise RecordedError(
                f"{row.place}: problem {name!r}: {column!r} is {shown}; expected an image's path "
                "or {bytes, path}: download the file again"
            )
    if not paths:
        raise RecordedError(
            f"{row.place}: problem {name!r} has a question without its image "
            f"({' and '.join(map(repr, columns))} empty); download the file again, or remove the "
            "row"
        )
    return paths[0]


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
    found = row.values.get(column)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RecordedError(
            f"{row.place}: problem {name!r}: {column!r} is {found!r}; expected a list of texts: "
            "download the file again"
        )
    return tuple(found)
