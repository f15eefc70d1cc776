"""evalplus: `*_eval_results.json`, programs with their grades by base and plus tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields
from passk.logs.format import LogFormat, Values, log_rows


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    tasks = values.get("eval")
    return (
        isinstance(tasks, dict) and bool(tasks) and "date" in values | {"date": values.get("hash")}
    )


def rows(path: Path) -> Iterator[Row]:
    """A row per program."""
    for row in log_rows(path):
        for task, results in row.values.get("eval", {}).items():
            for number, result in enumerate(_results(results, f"{row.place}, {task}")):
                yield Row(f"{path}, {task}, program {number}", {"task_id": task} | result)


def _results(results: Any, place: str) -> Iterator[Values]:  # noqa: ANN401
    if isinstance(results, list):
        for result in results:
            statuses = [result.get("base_status"), result.get("plus_status")]
            known = [status for status in statuses if status is not None]
            yield result | {"grade": all(status == "pass" for status in known) if known else None}
        return
    raise RecordedError(
        f"{place}: results of evalplus before 0.2 hold no programs; give the file of samples"
    )


FORMAT = LogFormat(
    "evalplus results (*_eval_results.json)",
    Fields(response=("solution",), problem=("task_id",), grade=("grade",), holds="program"),
    recognises,
    rows=rows,
    note="The grade is that of base and plus tests together.",
)
