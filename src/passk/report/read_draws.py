"""What was read of files of samples, in the form that the page shows."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from passk.logs.side import Side
from passk.logs.summary import LogSummary
from passk.report.reading import ReadDraw, ReadFile


def read_file(path: Path, log_format: str) -> ReadFile:
    """A file as the page names it; of a folder there is no digest."""
    digest = ""
    if path.is_file():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    return ReadFile(str(path), digest, log_format)


def read_draw(files: Sequence[Path], summary: LogSummary, side: Side, only: int) -> ReadDraw:
    """What was read for a draw.

    Args:
        files: in the order in which they were read.
        summary: of their rows.
        side: their problems.
        only: how many of these are not compared.
    """
    sizes = [len(problem.samples) for problem in side.values()]
    return ReadDraw(
        files=tuple(read_file(path, summary.files[str(path)]) for path in files),
        columns=summary.columns,
        rows=summary.rows,
        left_out=summary.left_out,
        problems=len(side),
        samples=sum(sizes),
        smallest=min(sizes, default=0),
        largest=max(sizes, default=0),
        cut=summary.cut,
        running_on=summary.running_on,
        two_answers=summary.two_answers,
        repeated=summary.repeated,
        scores=summary.scores,
        rescored=summary.rescored,
        errors=summary.errors,
        empty=summary.empty,
        missing=summary.missing,
        truncated=summary.truncated,
        ends_stated=summary.ends_stated,
        only=only,
        settings=summary.settings,
    )
