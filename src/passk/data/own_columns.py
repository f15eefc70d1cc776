"""A table of one's own as problems: the parameters say which column holds what; no reader needed.

Columns are paths, as in `passk import` (`problem`, `reward_model.ground_truth`,
`prompt[-1].content`); of chat messages the last one of the user is the question. Rows are of JSON
lines, JSON, CSV, TSV, Parquet or Excel.

Tests of a program are an object, or its JSON: `{"inputs": [...], "outputs": [...]}`, texts of
standard input and output, or with `fn_name` lists of arguments and values (as TACO and APPS have
them), or a list of `{"input": ..., "output": ...}`. Not covered: tests that are scripts, special
judges.

Example:
    >>> row = Row("row 1", {"q": "1 + 1?", "a": 2, "meta": {"id": "x"}})
    >>> options = {"domain": "math", "question": "q", "answer": "a", "id": "meta.id"}
    >>> problem = next(problems([row], options))
    >>> problem.name, problem.answer, problem.answer_type
    ('x', '2', 'integer')
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from passk.core.parameters import DistinctNames, NotEmpty, ParameterSection
from passk.core.rows import RecordedError, Row
from passk.data.value_paths import MISSING, PathError, asked, lookup
from passk.domains.base_reader import gold_answer
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.domains.code.readers import taco
from passk.domains.code.test_cases import Tests
from passk.domains.math.readers.math_sets import TAKE
from passk.domains.visual.readers import answer_types

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")


class OwnColumns(ParameterSection):
    """Which column of a table of one's own holds what; a path, such as `extra.answer`."""

    question: NotEmpty = Field(description="What is asked: a text, or chat messages.")
    answer: NotEmpty | None = Field(
        default=None,
        description="The reference answer; of domain code a program that is right. Null: only "
        "where there are tests.",
    )
    take: Literal["whole", "after-hashes", "last-boxed", "only-entry"] = Field(
        default="whole",
        description="How the answer stands in its column: whole; after the last #### (GSM8K); in "
        "the last \\boxed{} (MATH); as the only entry of a list.",
    )
    id: NotEmpty | None = Field(
        default=None, description="What a problem is called; null: its place in the file."
    )
    choices: NotEmpty | None = Field(
        default=None,
        description="A list of answers to choose from; they are written below the question.",
    )
    tests: NotEmpty | None = Field(
        default=None,
        description="Tests of a program: {inputs, outputs, fn_name}, its JSON, or a list of {input,"
        " output}.",
    )
    starter_code: NotEmpty | None = Field(
        default=None, description="Code that a solution starts from."
    )
    image: NotEmpty | None = Field(
        default=None, description="The image: a path within `images`, base64, or {bytes, path}."
    )
    unit: NotEmpty | None = Field(default=None, description="Unit of the answer.")
    precision: NotEmpty | None = Field(
        default=None, description="Decimals that an answer is judged to."
    )
    date: NotEmpty | None = Field(default=None, description="Day of publication, YYYY-MM-DD.")
    tags: DistinctNames = Field(
        default_factory=list, description="Columns of subjects and levels, for filters."
    )

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        if self.answer is None and self.tests is None:
            raise ValueError("names neither answer nor tests: nothing could be judged; give one")
        return self


def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[BenchmarkProblem]:
    """The problems of a table.

    Args:
        rows: of the file.
        options: `domain`, and the keys of `OwnColumns`.

    Raises:
        RecordedError: a row lacks a column or has another type there.
    """
    columns = OwnColumns.model_validate({k: v for k, v in options.items() if k != "domain"})
    for index, row in enumerate(rows):
        yield _problem(row, index, columns, options["domain"])


def _problem(row: Row, index: int, columns: OwnColumns, domain: str) -> BenchmarkProblem:
    name = str(index) if columns.id is None else str(_value(row, columns.id))
    choices = _choices(row, columns.choices)
    starter_code = _optional(row, columns.starter_code)
    answer = _answer(row, columns)
    return BenchmarkProblem(
        name=name,
        place=row.place,
        question=_question(row, columns.question, choices),
        answer=answer,
        answer_type=_answer_type(answer, domain),
        choices=choices or None,
        tests=_tests(row, columns.tests, starter_code or "", answer or None),
        starter_code=starter_code,
        image_file=_image(row, name, columns.image),
        unit=_optional(row, columns.unit),
        precision=_precision(row, columns.precision),
        date=_date(row, columns.date),
        tags=tuple(_tags(row, columns.tags)),
    )


def _find(row: Row, column: str) -> Any:  # noqa: ANN401
    try:
        return lookup(row.values, column)
    except PathError as error:
        raise RecordedError(f"columns: {error}") from error


def _value(row: Row, column: str) -> Any:  # noqa: ANN401
    """A value that must be there, and not null."""
    value = _find(row, column)
    if value is MISSING:
        raise RecordedError(
            f"{row.place}: no column {column!r}; found {sorted(row.values)}; see `columns`"
        )
    if value is None:
        raise RecordedError(f"{row.place}: {column!r} is null; fill it, or remove the row")
    return value


def _optional(row: Row, column: str | None) -> str | None:
    """A text that may be missing, null or blank: None then."""
    value = MISSING if column is None else _find(row, column)
    text = None if value is MISSING or value is None else str(value)
    return text if text and text.strip() else None


def _question(row: Row, column: str, choices: tuple[str, ...]) -> str:
    text = asked(_value(row, column))
    if not isinstance(text, str) or not text.strip():
        raise RecordedError(
            f"{row.place}: {column!r} is {str(text)[:60]!r}; expected a text that asks something, "
            "or chat messages"
        )
    listed = answer_types.lettered(choices)
    return f"{text.strip()}\n{listed}" if listed else text.strip()


def _answer(row: Row, columns: OwnColumns) -> str:
    """The answer; an empty one where only tests judge."""
    if columns.answer is None:
        return ""
    value = _find(row, columns.answer)
    if columns.tests is not None and (value is MISSING or value is None):
        return ""
    value = _value(row, columns.answer)
    return gold_answer(TAKE[columns.take](row, value), row.place)


def _answer_type(answer: str, domain: str) -> str:
    if domain == "code":
        return "program"
    if domain == "visual":
        return answer_types.answer_type(answer)
    if re.fullmatch(r"-?\d+", answer):
        return "integer"
    return "expression" if domain == "math" else "text"


def _choices(row: Row, column: str | None) -> tuple[str, ...]:
    value = None if column is None else _find(row, column)
    if value is None or value is MISSING:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise RecordedError(
            f"{row.place}: {column!r} is {str(value)[:60]!r}; expected a list of texts"
        )
    return tuple(value)


def _tests(row: Row, column: str | None, starter_code: str, reference: str | None) -> Tests | None:
    value = None if column is None else _find(row, column)
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError as error:
            raise RecordedError(f"{row.place}: {column!r} is no JSON ({error})") from error
    if not value or value is MISSING:
        return None
    if isinstance(value, list):
        if not all(isinstance(case, dict) and {"input", "output"} <= case.keys() for case in value):
            raise RecordedError(
                f"{row.place}: {column!r} is a list, but not of {{input, output}}; write those, or "
                "{inputs: [...], outputs: [...]}"
            )
        value = {
            "inputs": [case["input"] for case in value],
            "outputs": [case["output"] for case in value],
        }
    return taco.tests(Row(row.place, {"input_output": value}), starter_code, reference)


def _image(row: Row, name: str, column: str | None) -> str | bytes | None:
    if column is None:
        return None
    value = _find(row, column)
    return answer_types.image(
        Row(row.place, {column: None if value is MISSING else value}), name, column
    )


def _precision(row: Row, column: str | None) -> int | None:
    text = _optional(row, column)
    if text is None:
        return None
    if not text.isdecimal():
        raise RecordedError(f"{row.place}: {column!r} is {text!r}; expected a number of decimals")
    return int(text)


def _date(row: Row, column: str | None) -> str | None:
    text = _optional(row, column)
    if text is None:
        return None
    if (day := _DATE.match(text)) is None:
        raise RecordedError(f"{row.place}: {column!r} is {text[:40]!r}; expected YYYY-MM-DD")
    return day[0]


def _tags(row: Row, columns: Iterable[str]) -> Iterator[str]:
    """Texts and numbers as they are; each entry of a list is a tag; null is none."""
    for column in columns:
        value = _find(row, column)
        entries = value if isinstance(value, list) else [value]
        yield from (str(entry) for entry in entries if entry is not None and entry is not MISSING)
