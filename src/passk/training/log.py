"""The per-step log of a training run: JSON lines without times, the same after a resumed run."""

import json
from pathlib import Path
from typing import Generic, TypeVar, cast

from passk.core.files import json_lines
from passk.training.log_rows import FineTuningRow, StepRow

LogRow = TypeVar("LogRow", StepRow, FineTuningRow)


class TrainingLog(Generic[LogRow]):
    """Rows by step, kept where the run can resume, and mirrored live for whoever watches.

    Attributes:
        path: the log beside the resume points.
        live: a second file that is appended to as the run goes, or None.
        rows: all rows so far.
    """

    def __init__(self, path: Path, live: Path | None) -> None:
        self.path = path
        self.live = live
        self.rows: list[LogRow] = []

    def restore(self, step: int) -> None:
        """Keep rows up to a step, those after it having been lost with the killed run."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        parsed: list[LogRow | None] = [_parse(line) for line in lines]
        self.rows = [row for row in parsed if row and row["step"] <= step]
        if [row["step"] for row in self.rows] != list(range(1, step + 1)):
            raise ValueError(
                f"{self.path}: does not hold steps 1 to {step}; delete {self.path.parent} and run "
                "the stage again from its start"
            )
        for path in (self.path, self.live):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.text())

    def append(self, row: LogRow) -> None:
        """Add the row of one step."""
        self.rows.append(row)
        for path in (self.path, self.live):
            if path is not None:
                with path.open("a") as stream:
                    stream.write(json_lines([row]))

    def text(self) -> str:
        """The whole log."""
        return json_lines(self.rows)


def _parse(line: str) -> LogRow | None:
    """A row, or None for a line that a kill cut short."""
    try:
        return cast("LogRow", json.loads(line))
    except json.JSONDecodeError:
        return None
