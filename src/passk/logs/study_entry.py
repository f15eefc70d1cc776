"""Files of samples as an entry of the parameters `imported:` of a study."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from passk.data.import_settings import Columns, Imported
from passk.logs.imported import KINDS
from passk.logs.reader import LogReading


def describe_entry(
    name: str, files: Sequence[Path], reading: LogReading, problems: Path | None = None
) -> str:
    """YAML of an entry that reads these files in this way; defaults are left out.

    Args:
        name: of the entry.
        files: of one draw.
        reading: how they are read.
        problems: questions and right answers, or None.

    Raises:
        ValidationError: parameters cannot say it.
    """
    every = [*files, *([problems] if problems else [])]
    folder = Path(os.path.commonpath([file.absolute().parent for file in every]))
    alone = len(every) == 1
    entry: dict[str, Any] = {
        "path": str(_shown(files[0] if alone else folder)),
        "files": [] if alone else [_within(file, folder) for file in files],
        "format": reading.format,
        "columns": {
            kind: reading.fields[field]
            for kind, field in KINDS.items()
            if field in reading.fields and kind in Columns.model_fields
        },
        "where": dict(reading.where),
        "stop": list(reading.stop),
        "grade_from": reading.grade_from,
        "problems": _within(problems, folder) if problems else None,
    }
    stated = {key: value for key, value in entry.items() if value not in (None, [], {})}
    Imported.model_validate(stated)
    text = io.StringIO()
    YAML().dump({"imported": {name: stated}}, text)
    return text.getvalue()


def _shown(path: Path) -> Path:
    """A path from here where it is below, else the whole path."""
    whole, here = path.absolute(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def _within(file: Path, folder: Path) -> str:
    return str(file.absolute().relative_to(folder))
