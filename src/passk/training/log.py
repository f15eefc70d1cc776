"""The per-step log of a training run: JSON lines without times, the same after a resumed run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from passk.core.files import json_lines


class TrainingLog:
    """Rows by step, kept where the run can resume, and mirrored live for whoever watches.

    Attributes:
        path: the log beside the resume points.
        live: a second file that is appended to as the run goes, or None.
        rows: all rows so far.
    """

    def __init__(self, path: Path, live: Path | None) -> None:
        self.path = path
        self.live = live
        self.rows: list[dict[str, Any]] = []

    def restore(self, step: int) -> None:
        """Keep rows up to a step, those after it having been lost with the killed run."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.rows = [row for row in map(_parse, lines) if row and row["step"] <= step]
        if [row["step"] for row in self.rows] != list(range(1, step + 1)):
            raise ValueError(
                f"{self.path}: does not hold steps 1 to {step}; delete {self.path.parent} and run "
                "the stage again from its start"
            )
        for path in (self.path, self.live):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.text())

    def append(self, row: Mapping[str, Any]) -> None:
        """Add the row of one step."""
        self.rows.append(dict(row))
        for path in (self.path, self.live):
            if path is not None:
                with path.open("a") as stream:
                    stream.write(json_lines([row]))

    def text(self) -> str:
        """The whole log."""
        return json_lines(self.rows)


def _parse(line: str) -> dict[str, Any] | None:
    """A row, or None for a line that a kill cut short."""
    try:
        return dict(json.loads(line))
    except json.JSONDecodeError:
        return None
