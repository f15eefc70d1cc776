"""A problem as an adapter reads it, and problems in normal form.

An adapter is a pure function from rows of a published file to problems, in the file's order:

    def problems(rows: Iterable[Row], options: Mapping[str, Any]) -> Iterator[Problem]

It raises RecordedError, which names file, row and remedy, and touches no file. To add a source:
write an adapter, list it in `passk.data.readers`, describe the source in `sources.yaml`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import polars as pl

from passk.core.ids import problem_id
from passk.core.images import Picture
from passk.core.rows import RecordedError, Row
from passk.core.schemas.problems import PROBLEMS
from passk.domains.code.test_cases import Tests

# Tags with a meaning of their own; the others are a benchmark's own subjects and levels.
ANY_FILE = "any"  # in parameters, in place of a digest: take the file as it is
FLAGGED = "flagged"  # the benchmark's authors say that it cannot be judged rightly
UNTESTED = "no-tests"  # of domain code, without tests: it can be asked and dated, not judged


@dataclass(frozen=True)
class Problem:
    """One problem of a benchmark.

    Attributes:
        name: what the benchmark calls it, e.g. `HumanEval/0`.
        place: where it stands, for messages.
        question: what a model is asked.
        answer: gold answer; of domain code a program that the benchmark gives as right, or "".
        answer_type: as in the problem table.
        tests: of domain code; None where the file has none, or none that can be run. With no
            `expected` yet, it is what `reference` returns on `inputs`.
        starter_code: code that a solution starts from.
        prefix: text that a `completion` continues, where samples hold only that.
        date: ISO date of publication.
        tags: subjects, difficulty, flags.
        unit: of the answer.
        precision: decimals that an answer is judged to; None where the benchmark names none.
        choices: answers to choose from, `answer` among them, as the question lists them; None:
            none are given.
        image: the file of the picture that the question is about: where it lies, as the benchmark
            names it, or its bytes; None: it has none.
        picture: the same, read and checked; None: not read (see `images.py`).
    """

    name: str
    place: str
    question: str
    answer: str
    answer_type: str
    tests: Tests | None = None
    starter_code: str | None = None
    prefix: str = ""
    date: str | None = None
    tags: tuple[str, ...] = ()
    unit: str | None = None
    precision: int | None = None
    choices: tuple[str, ...] | None = None
    image: str | bytes | None = None
    picture: Picture | None = None

    def shown(self) -> str | None:
        """What tells the picture from others.

        Benchmarks ask one question of many pictures; where these are not read, the name of the
        file tells them apart.
        """
        if self.picture is not None:
            return self.picture.digest
        return sha256(self.image).hexdigest() if isinstance(self.image, bytes) else self.image


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
    found = row.values[column]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(found, kind) or (isinstance(found, bool) and bool not in kinds):
        wanted = " or ".join(one.__name__ for one in kinds)
        shown = repr(found)
        raise RecordedError(
            f"{row.place}: {column!r} is {shown[:80]}{'...' * (len(shown) > 80)}; "
            f"expected {wanted}: download the file again"
        )
    return found


def text(row: Row, column: str) -> str:
    """A text that must not be blank."""
    found: str = value(row, column)
    if not found.strip():
        raise RecordedError(f"{row.place}: {column!r} is blank: download the file again")
    return found


def optional(row: Row, column: str) -> str | None:
    """A text that may be missing, null or blank: None then."""
    if row.values.get(column) is None:
        return None
    found: str = value(row, column)
    return found if found.strip() else None


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """The problems; a name or a question that occurs twice is an error.

    Raises:
        RecordedError: it names both places.
    """
    names: dict[str, str] = {}
    found = []
    for problem in problems:
        if (first := names.setdefault(problem.name, problem.place)) != problem.place:
            raise RecordedError(
                f"{problem.place}: problem {problem.name!r} stands in {first} too; remove one"
            )
        found.append(problem)
    return found


def normal_form(
    problems: Sequence[Problem],
    name: str,
    domain: str,
    source: str,
    indices: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Problems that keep the contract PROBLEMS.

    Args:
        problems: with expected outputs, where they have tests.
        name: of the set.
        domain: of its problems.
        source: title of the benchmark; the column `source` adds each problem's own name.
        indices: places in the benchmark, where some of its problems are left out.
    """
    rows: list[Mapping[str, Any]] = [
        dict.fromkeys(PROBLEMS.columns)
        | {
            "problem_id": problem_id(
                domain, one.question, one.choices, one.starter_code, one.shown()
            ),
            "domain": domain,
            "set": name,
            "index": index,
            "question": one.question,
            "answer": one.answer,
            "answer_type": one.answer_type,
            "choices": one.choices,
            "unit": one.unit,
            "precision": one.precision,
            "tests": None if one.tests is None else one.tests.dump(),
            "starter_code": one.starter_code,
            "image": one.picture.digest if one.picture else None,
            "picture": one.picture.png if one.picture else None,
            "date": one.date,
            "source": f"{source}: {one.name}",
            "tags": [*one.tags, *_untested(one, domain)],
        }
        for index, one in zip(indices or range(len(problems)), problems, strict=True)
    ]
    return PROBLEMS.check(pl.DataFrame(rows, schema=dict(PROBLEMS.columns)))


def _untested(problem: Problem, domain: str) -> list[str]:
    return [UNTESTED] if domain == "code" and problem.tests is None else []


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
