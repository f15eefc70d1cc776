"""What must hold of a draw once all of its rows are read."""

from collections.abc import Collection, Sequence
from pathlib import Path

from passk.core.rows import RecordedError, Row
from passk.data.usual_columns import USUAL
from passk.data.value_paths import MISSING, lookup
from passk.logs.summary import LogReading, LogSummary

_CALLED = {
    "reference": "gold answer", "number": "sample index", "grade": "recorded grade",
    "finish": "finish reason", "problem": "problem's id",
}  # fmt: skip


def check_kept(
    paths: Sequence[Path], reading: LogReading, summary: LogSummary, left_out: Row | None
) -> None:
    """Raise RecordedError where conditions leave out every row; `left_out` is the first such."""
    if left_out is None or summary.left_out < summary.rows:
        return
    stated = " ".join(f"--where {path}={value}" for path, value in reading.where.items())
    values = ", ".join(_state(left_out, path)[:80] for path in reading.where)
    every = f" and {len(paths) - 1} more files" if len(paths) > 1 else ""
    raise RecordedError(
        f"{paths[0]}{every}: {stated} leaves out all {summary.rows} rows; {left_out.place} has "
        f"{values}"
    )


def _state(row: Row, path: str) -> str:
    value = lookup(row.values, path)
    return f"no {path}" if value is MISSING else f"{path} = {value!r}"


def check_named(
    paths: Sequence[Path], reading: LogReading, summary: LogSummary, named: Collection[str]
) -> None:
    """Raise RecordedError where no row has a column that a person named; some has the `named`."""
    for kind, path in reading.fields.items():
        if kind not in named and summary.rows > summary.left_out:
            called = _CALLED.get(kind, kind)
            raise RecordedError(
                f"{paths[0]}: no row has {path!r}, which was named for the {called}; name another "
                "column, or a path such as doc.answer"
            )


def check_ids(paths: Sequence[Path], reading: LogReading, summary: LogSummary) -> None:
    """Raise RecordedError where ids that nobody named seem to number samples, not problems.

    Each has one sample then, and every other one at least asks what another asks. A column
    such as `problem_id` is taken at its word, and so is a tool's format.
    """
    sizes, column = summary.samples.values(), summary.columns.get("problem")
    if (
        "problem" in reading.fields
        or set(summary.files.values()) != {"plain"}
        or column not in USUAL["problem_id"].likely
        or max(sizes, default=0) != 1
        or not summary.same_question
        or summary.same_question * 2 < len(sizes)
    ):
        return
    question = summary.columns.get("question", "COLUMN")
    raise RecordedError(
        f"{paths[0]}: {summary.same_question} of {len(sizes)} rows ask what another one "
        f"asks, and {column} differs in all: if it numbers samples, name what tells problems "
        f"apart, as --column problem_id={question}; if it names problems, say so: --column "
        f"problem_id={column}"
    )
