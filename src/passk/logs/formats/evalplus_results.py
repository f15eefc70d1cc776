"""evalplus: `*_eval_results.json`, programs with their grades by base and plus tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from passk.core.compressed import open_text
from passk.core.json_stream import JsonStream
from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields
from passk.logs.format import LogFormat, Values

_PASS = "pass"


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format."""
    tasks = values.get("eval")
    return isinstance(tasks, dict) and {"date", "hash"} <= values.keys() and bool(tasks)


def rows(path: Path) -> Iterator[Row]:
    """A row per program."""
    task = "start"
    try:
        with open_text(path) as stream:
            document = JsonStream(stream)
            for key in document.names():
                if key != "eval":
                    document.value()
                    continue
                for task in document.names():
                    yield from _results(document.value(), f"{path}, {task}", task)
    except RecordedError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordedError(f"{path}, at {task}: not valid JSON ({error}); mend it") from error


def _results(results: Any, place: str, task: str) -> Iterator[Row]:  # noqa: ANN401
    if not isinstance(results, list):
        raise RecordedError(
            f"{place}: results of evalplus before 0.2 hold no programs; give the file of samples"
        )
    for number, result in enumerate(results):
        if not isinstance(result, dict):
            raise RecordedError(f"{place}, program {number}: expected an object; mend it")
        statuses = [result.get("base_status"), result.get("plus_status")]
        known = [status for status in statuses if status is not None]
        grade = all(status == _PASS for status in known) if known else None
        yield Row(f"{place}, program {number}", {"task_id": task} | result | {"grade": grade})


FORMAT = LogFormat(
    "evalplus results (*_eval_results.json)",
    Fields(response=("solution",), problem=("task_id",), grade=("grade",), holds="program"),
    recognises,
    rows=rows,
    note="The grade is that of base and plus tests together.",
    domain="code",
)
