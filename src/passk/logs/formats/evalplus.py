"""evalplus: `task_id` with `solution` (a program) or `completion` (what continues the prompt)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from passk.core.rows import RecordedError, Row, each_row
from passk.data.responses import Holds
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(response=("solution", "completion"), problem=("task_id",))
_PROGRAM = re.compile(r".+_\d+/\d+\.py")


def recognises(values: Values, _path: Path) -> bool:
    """Whether a row is of this format: its tasks are called `HumanEval/0`, `Mbpp/2`."""
    named = isinstance(values.get("task_id"), str) and "/" in values["task_id"]
    return named and ("solution" in values or "completion" in values)


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row."""
    if fields.response == FIELDS.response:
        holds: Holds = "program" if row.values.get("solution") is not None else "completion"
        named = ("solution",) if holds == "program" else ("completion",)
        fields = replace(fields, response=named, holds=holds)
    yield from samples(row, fields)


def opens(path: Path) -> bool:
    """Whether a folder holds `TASK_N/N.py`, as evalplus writes where it was told so.

    Scripts beside tables of samples are none.
    """
    return path.is_dir() and bool(_programs(path)) and not _tables(path)


def rows(path: Path) -> Iterator[Row]:
    """Rows of a file, or of a folder of programs: HumanEval_0/0.py is `HumanEval/0`."""
    if not path.is_dir():
        yield from each_row(path)
        return
    for program in sorted(_programs(path), key=lambda file: (file.parent.name, int(file.stem))):
        task = "/".join(program.parent.name.rsplit("_", 1))
        try:
            text = program.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise RecordedError(f"{program}: not UTF-8 text ({error}); mend it") from error
        yield Row(str(program), {"task_id": task, "solution": text})


def _programs(path: Path) -> list[Path]:
    return [
        file
        for file in path.glob("*/*.py")
        if _PROGRAM.fullmatch(f"{file.parent.name}/{file.name}")
    ]


def _tables(path: Path) -> list[Path]:
    files = [
        file for suffix in ("jsonl", "parquet", "csv") for file in path.glob(f"**/*.{suffix}*")
    ]
    return [file for file in files if file.is_file()]


FORMAT = LogFormat(
    "evalplus samples (.jsonl or a folder)", FIELDS, recognises, rows=rows, read=read, opens=opens,
    note="Grades lie in *_eval_results.json, which holds the programs, too.",
    domain="code",
)  # fmt: skip
