"""A row that somebody else wrote, and what is raised where a file holds none."""

from pathlib import Path
from typing import Any, NamedTuple


class RecordedError(ValueError):
    """A file cannot be read as rows; the message names file, row and remedy."""


class OneObjectError(RecordedError):
    """A JSON file holds one object that is no table; who knows such files reads `values`."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        super().__init__(f"{path}: expected a list of objects, or an object of them; found dict")
        self.values = values


class Row(NamedTuple):
    """A row, and where it stands in words for messages."""

    place: str
    values: dict[str, Any]
