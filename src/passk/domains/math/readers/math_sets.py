r"""Math benchmarks in JSONL: a column that asks, and one with the answer in it somewhere.

Example of a row: {"idx": 0, "question": "How many?", "answer": "3 + 4 = <<3+4=7>>7\n#### 7"}
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.base_reader import gold_answer, text, value
from passk.domains.benchmark_problem import BenchmarkProblem

_BOX = r"\boxed{"


def after_hashes(row: Row, content: Any) -> str:  # noqa: ANN401
    """What follows the last `####`, without separators of thousands (GSM8K)."""
    before, mark, answer = str(content).rpartition("####")
    if not mark:
        raise RecordedError(f"{row.place}: no '####' before the answer in {before[:60]!r}")
    return answer.strip().replace(",", "")


def last_boxed(row: Row, content: Any) -> str:  # noqa: ANN401
    r"""What the last `\boxed{...}` holds (Minerva)."""
    solution = str(content)
    start = solution.rfind(_BOX)
    depth, inner = 1, solution[start + len(_BOX) :]
    for position, letter in enumerate(inner):
        escaped = position > 0 and inner[position - 1] == "\\"
        depth += 0 if escaped else (letter == "{") - (letter == "}")
        if start >= 0 and not depth:
            return inner[:position].strip()
    raise RecordedError(rf"{row.place}: no closed \boxed{{...}} in the solution")


def only_entry(row: Row, content: Any) -> str:  # noqa: ANN401
    """The entry of a list of one, without dollar signs around it (OlympiadBench)."""
    if not isinstance(content, list) or len(content) != 1:
        raise RecordedError(f"{row.place}: answer is {content!r}; expected a list of one")
    return str(content[0]).strip().strip("$")


def whole(row: Row, content: Any) -> str:  # noqa: ANN401
    """The column as it is; a whole float loses its `.0`."""
    return gold_answer(content, row.place)


TAKE: Mapping[str, Callable[[Row, Any], str]] = {
    "after-hashes": after_hashes,
    "last-boxed": last_boxed,
    "only-entry": only_entry,
    "whole": whole,
}


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """The problems of a math benchmark.

    Args:
        rows: of the file.
        options: columns `question`, `answer`, maybe `name` (without one the place in the file
            names a problem), `unit` and a list of `tags`; `take`: how the answer stands in its
            column, a key of TAKE.
    """
    take = TAKE[options.get("take", "whole")]
    for index, row in enumerate(rows):
        answer = take(row, value(row, options["answer"], object))
        if not answer:
            raise RecordedError(f"{row.place}: the answer is empty: download the file again")
        unit = row.values.get(options.get("unit", ""))
        yield BenchmarkProblem(
            name=str(value(row, options["name"], (str, int)) if "name" in options else index),
            place=row.place,
            question=text(row, options["question"]).strip(),
            answer=answer,
            answer_type="integer" if re.fullmatch(r"-?\d+", answer) else "expression",
            tags=tuple(tag for column in options.get("tags", ()) for tag in _tags(row, column)),
            unit=str(unit) if unit else None,
        )


def _tags(row: Row, column: str) -> list[str]:
    """A cell's tags: each entry of a list is one."""
    cell = value(row, column, object)
    return [str(entry) for entry in cell] if isinstance(cell, list) else [str(cell)]
