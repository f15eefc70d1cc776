"""What readers of benchmarks share: values of rows, checked, and what messages say of them.

A reader is a pure function from rows of a published file to problems, in the file's order:

    def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]

It raises RecordedError, which names file, row and remedy, and touches no file. A benchmark of a new
format is a reader, listed in `passk.data.readers` or under the entry points `passk.readers` of a
package of one's own, and an entry of `sources.yaml` or a YAML file like it.
"""

import math
from collections.abc import Iterable
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.domains.benchmark_problem import BenchmarkProblem


def value(row: Row, column: str, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401
    """A value that a row of a published file must have, of a type.

    Raises:
        RecordedError: no such column, or another type.
    """
    if column not in row.values:
        raise RecordedError(
            f"{row.place}: no column {column!r}; found {sorted(row.values)}. Is this the file of "
            "another benchmark? See `source`"
        )
    cell = row.values[column]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(cell, kind) or (isinstance(cell, bool) and bool not in kinds):
        expected = " or ".join(legal.__name__ for legal in kinds)
        cell_text = repr(cell)
        raise RecordedError(
            f"{row.place}: {column!r} is {cell_text[:80]}{'...' * (len(cell_text) > 80)}; "
            f"expected {expected}: download the file again"
        )
    return cell


def text(row: Row, column: str) -> str:
    """A text that must not be blank."""
    cell_text: str = value(row, column)
    if not cell_text.strip():
        raise RecordedError(f"{row.place}: {column!r} is blank: download the file again")
    return cell_text


def optional(row: Row, column: str) -> str | None:
    """A text that may be missing, null or blank: None then."""
    if row.values.get(column) is None:
        return None
    cell_text: str = value(row, column)
    return cell_text if cell_text.strip() else None


def distinct(problems: Iterable[BenchmarkProblem]) -> list[BenchmarkProblem]:
    """The problems; a name or a question that occurs twice is an error.

    Raises:
        RecordedError: it names both places.
    """
    names: dict[str, str] = {}
    kept = []
    for problem in problems:
        if (first := names.setdefault(problem.name, problem.place)) != problem.place:
            raise RecordedError(
                f"{problem.place}: problem {problem.name!r} stands in {first} too; remove one"
            )
        kept.append(problem)
    return kept


def gold_answer(value: object, place: str) -> str:
    """A reference answer as text; a whole float loses its `.0`.

    Example:
        >>> gold_answer(3.0, "x"), gold_answer(" 1/2 ", "x")
        ('3', '1/2')
    """
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float):
        raise RecordedError(f"{place}: gold answer is {value!r}; expected a string or a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise RecordedError(f"{place}: gold answer is {value!r}; expected a finite number")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not (text := str(value).strip()):
        raise RecordedError(f"{place}: gold answer is empty")
    return text
