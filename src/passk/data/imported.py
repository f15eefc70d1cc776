"""Somebody else's samples in normal form: rows -> problems and responses. No file is touched.

Rows that ask the same question with the same gold answer belong to one problem; problems are
numbered in order of first appearance, samples in order of appearance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from passk.core.ids import problem_id
from passk.core.rows import RecordedError, Row
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.data.import_settings import Columns
from passk.domains.base_reader import gold_answer

Hint = Callable[[str], str]  # what a column holds -> what to do where there is none
_GRADES = {"true": True, "false": False, "1": True, "0": False}


class RecordedSample(NamedTuple):
    """A sample that somebody else drew.

    Attributes:
        number: among its problem's samples; None: by its order in the file.
        text: the response.
        grade: somebody's grade of it, or None.
    """

    number: int | None
    text: str
    grade: bool | None


@dataclass
class _RecordedProblem:
    place: str
    question: str
    gold: str
    samples: list[tuple[int, RecordedSample]] = field(default_factory=list)
    taken: dict[int, str] = field(default_factory=dict)  # sample index -> where it stands


def under_columns(kind: str) -> str:
    """A study names its columns in its parameters."""
    return f"Name the right one under `columns`: {kind}"


def cell(row: Row, columns: Columns, kind: str, hint: Hint = under_columns) -> object:
    """A value that a row must have: that of the column of a kind."""
    column = getattr(columns, kind)
    if column not in row.values:
        raise RecordedError(
            f"{row.place}: no column {column!r}; found {sorted(row.values)}. {hint(kind)}"
        )
    return row.values[column]


def recorded_grade(value: object, place: str) -> bool | None:
    """A grade as somebody recorded it; None stays None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if (grade := _GRADES.get(str(value).strip().lower())) is None:
        raise RecordedError(f"{place}: recorded grade is {value!r}; expected true/false or 0/1")
    return grade


def _list_entries(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _match_entries(row: Row, columns: Columns, kind: str, size: int, hint: Hint) -> list[object]:
    values = _list_entries(cell(row, columns, kind, hint))
    if len(values) != size:
        raise RecordedError(
            f"{row.place}: {len(values)} entries in {getattr(columns, kind)!r}, but {size} in "
            f"{columns.response!r}"
        )
    return values


def read_samples(row: Row, columns: Columns, hint: Hint = under_columns) -> list[RecordedSample]:
    """The samples of a row."""
    responses = _list_entries(cell(row, columns, "response", hint))
    size = len(responses)
    texts = [_check_text(row, columns, number, text) for number, text in enumerate(responses)]
    grades: list[object] = [None] * size
    if columns.recorded_grade is not None:
        grades = _match_entries(row, columns, "recorded_grade", size, hint)
    indices: list[int | None] = [None] * size
    if columns.sample_index is not None:
        entries = _match_entries(row, columns, "sample_index", size, hint)
        indices = [_check_index(row, entry) for entry in entries]
    return [
        RecordedSample(index, text, recorded_grade(grade, row.place))
        for index, text, grade in zip(indices, texts, grades, strict=True)
    ]


def _check_text(row: Row, columns: Columns, number: int, response: object) -> str:
    if not isinstance(response, str):
        raise RecordedError(
            f"{row.place}: entry {number} of {columns.response!r} is {response!r}; expected text"
        )
    return response


def _check_index(row: Row, index: object) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise RecordedError(f"{row.place}: sample index is {index!r}; expected 0, 1, ...")
    return index


def collect(
    rows: Sequence[Row], columns: Columns, hint: Hint = under_columns
) -> list[_RecordedProblem]:
    """Problems with their samples, in order of first appearance.

    Raises:
        RecordedError: a missing column or value, two golds for one question, a sample index
            twice, lists of different length, a problem without a sample.
    """
    problems: dict[str, _RecordedProblem] = {}
    questions: dict[str, str] = {}
    for row in rows:
        question = cell(row, columns, "problem", hint)
        if not isinstance(question, str) or not question.strip():
            raise RecordedError(f"{row.place}: question is {question!r}; expected text")
        gold = gold_answer(cell(row, columns, "gold", hint), row.place)
        name = str(cell(row, columns, "problem_id", hint)) if columns.problem_id else question
        problem = problems.setdefault(name, _RecordedProblem(row.place, question, gold))
        if (problem.question, problem.gold) != (question, gold):
            raise RecordedError(
                f"{row.place}: the same problem stands in {problem.place} with another "
                f"{'gold answer' if problem.question == question else 'question'}"
            )
        if questions.setdefault(question, name) != name:
            raise RecordedError(
                f"{row.place}: problems {questions[question]!r} and {name!r} ask the same "
                "question; drop one, or name no column of problem ids"
            )
        for sample in read_samples(row, columns, hint):
            index = len(problem.samples) if sample.number is None else sample.number
            if index in problem.taken:
                raise RecordedError(
                    f"{row.place}: sample index {index} of this problem was taken in "
                    f"{problem.taken[index]}"
                )
            problem.taken[index] = row.place
            problem.samples.append((index, sample))
    for problem in problems.values():
        if not problem.samples:
            raise RecordedError(
                f"{problem.place}: a problem without a sample; drop it, or add its responses"
            )
    return list(problems.values())


def normal_form(
    rows: Sequence[Row], columns: Columns, name: str, domain: str, hint: Hint = under_columns
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Problems and responses that keep the contracts PROBLEMS and RESPONSES.

    Args:
        rows: of the file, in its order.
        columns: what its columns are called.
        name: of the set.
        domain: of its problems.
        hint: says what to do about a missing column, given what it would hold.
    """
    problems = collect(rows, columns, hint)
    identities = [problem_id(domain, problem.question) for problem in problems]
    asked = pl.DataFrame(
        {
            "problem_id": identities,
            "index": range(len(problems)),
            "question": [problem.question for problem in problems],
            "answer": [problem.gold for problem in problems],
        }
    ).with_columns(
        domain=pl.lit(domain),
        set=pl.lit(name),
        answer_type=pl.lit("expression"),
        source=pl.lit(f"imported:{name}"),
    )
    answered = [
        (identity, index, sample.text, sample.grade)
        for identity, problem in zip(identities, problems, strict=True)
        for index, sample in problem.samples
    ]
    return (
        PROBLEMS.check(PROBLEMS.fill_nulls(asked)),
        RESPONSES.check(pl.DataFrame(answered, schema=dict(RESPONSES.columns), orient="row")),
    )
