"""Where a row keeps what a sample consists of, and how a row becomes samples."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from passk.core.rows import RecordedError, Row
from passk.data import recorded_values
from passk.data.judging_ids import id_text
from passk.data.recorded_values import Finish
from passk.data.responses import Holds
from passk.data.value_paths import MISSING, answered, asked, lookup
from passk.logs.sample import LogSample

_Value = TypeVar("_Value")
Path = str
KINDS = (
    "set", "problem", "question", "reference", "response", "number", "grade", "finish", "tokens",
    "seed", "step",
)  # fmt: skip
_OF_ONE = ("grade", "number", "tokens")  # kinds that no two responses share
Paths = tuple[Path, ...]  # the first that a row has


@dataclass(frozen=True)
class Fields:
    """Paths of the values of a sample; of several the first that a row has counts.

    Attributes:
        response: the response, or a list of them.
        problem: what tells problems apart. Empty, or null in a row: the question.
        question, reference: empty where problems come from elsewhere.
        set, number, grade, finish, tokens, seed, step: as in `LogSample`; each may be a list, an
            entry for each response.
        error: a row with a value here that is not empty holds no sample.
        holds: what the responses are.
        is_grade_guessed: whether the grade's column was told by a name that may mean other scores.
        programs: whether a table's columns of programs are looked for before others.
        grade_from: the score from which a response is right; None: 1 is right, 0 and -1 wrong.
    """

    response: Paths
    problem: Paths = ()
    question: Paths = ()
    reference: Paths = ()
    set: Paths = ()
    number: Paths = ()
    grade: Paths = ()
    finish: Paths = ()
    tokens: Paths = ()
    seed: Paths = ()
    step: Paths = ()
    error: Paths = ()
    holds: Holds = "response"
    programs: bool = False
    grade_from: float | None = None
    is_grade_guessed: bool = False

    def named(self, given: dict[str, Path]) -> "Fields":
        """These fields, but for those whose paths a person gave."""
        return replace(self, **{name: (path,) for name, path in given.items()})  # type: ignore[arg-type]

    def narrowed(self, **chosen: Paths | Holds) -> "Fields":
        """These fields with other paths of some kinds."""
        return replace(self, **chosen)  # type: ignore[arg-type]

    def present(self, values: dict[str, Any]) -> dict[str, Path]:
        """Kind -> the path that is read, of the kinds that a row has."""
        kinds = {name: getattr(self, name) for name in KINDS}
        return {
            kind: path
            for kind, paths in kinds.items()
            if (path := next((p for p in paths if lookup(values, p) is not MISSING), None))
            and not path.startswith("__")  # what a format makes of several columns
        }


@dataclass
class _Values:
    """Values of a row by kind; of each kind one, or one for each response."""

    row: Row
    size: int

    def of(self, kind: str, paths: Paths, convert: Callable[[Any], _Value]) -> list[_Value]:
        """The values of a kind, converted, one for each response; null where there is none."""
        value = first(self.row.values, paths)
        if value is MISSING or not isinstance(value, list | tuple):
            # One value for several responses is the row's, as the mean of their grades.
            none = value is MISSING or (kind in _OF_ONE and self.size > 1)
            return [convert(None if none else value)] * self.size
        if len(value) != self.size:
            if not value and (kind == "grade" or self.size == 1):
                return [convert(None)] * self.size
            raise RecordedError(
                f"{self.row.place}: {len(value)} entries in {paths[0]!r}, but {self.size} "
                "responses; each response needs one"
            )
        return [convert(entry) for entry in value]


def first(values: Any, paths: Sequence[Path]) -> Any:  # noqa: ANN401
    """The value at the first of several paths that leads to one; else `MISSING`."""
    for path in paths:
        if (value := lookup(values, path)) is not MISSING:
            return value
    return MISSING


def samples(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a row.

    Raises:
        RecordedError: no response, a value of the wrong kind, lists of different length.
    """
    if (error := first(row.values, fields.error)) is not MISSING and error:
        return
    response = first(row.values, fields.response)
    if response is MISSING:
        paths = " or ".join(map(repr, fields.response)) or "any usual name"
        raise RecordedError(
            f"{row.place}: no response at {paths}; the row has {names(row)}. Name its column"
            f"{nested(row)}: --column response=COLUMN"
        )
    response = answered(response)
    # An empty list is a response that is missing: the problem was asked.
    responses = list(response) or [None] if isinstance(response, list | tuple) else [response]
    question = _question(row, fields)
    problem = _problem(row, fields, question)
    references = _references(row, fields)
    set_name = first(row.values, fields.set)
    told = _tell(row, fields, len(responses))
    name = None if set_name is MISSING else id_text(set_name)
    for number, entry in enumerate(responses):
        text = answered(entry)
        if text is not None and not isinstance(text, str):
            raise RecordedError(
                f"{row.place}: response {number} is {_short(text)}; expected text. Name its "
                "column, or a path into it: --column response=PATH"
            )
        index, grade, finish, tokens, seed, step = told[number]
        yield LogSample(
            place=row.place,
            problem=problem,
            text=text,
            set=name,
            question=question,
            references=references,
            holds=fields.holds,
            number=index,
            grade=grade,
            finish=finish,
            tokens=tokens,
            seed=seed,
            step=step,
        )


_Told = tuple[int | None, bool | None, Finish, int | None, int | None, int | None]


def _tell(row: Row, fields: Fields, size: int) -> list[_Told]:
    """What a row tells of each response: number, grade, finish, tokens, seed, step."""
    values, place = _Values(row, size), row.place
    path = _path_of(row, fields.finish)

    def whole(kind: str, paths: Paths, called: str) -> list[int | None]:
        return values.of(kind, paths, lambda value: recorded_values.whole(value, place, called))

    return list(
        zip(
            whole("number", fields.number, "sample index"),
            values.of(
                "grade", fields.grade, lambda v: recorded_values.grade(v, place, fields.grade_from)
            ),
            values.of("finish", fields.finish, lambda v: recorded_values.finish(v, path)),
            whole("tokens", fields.tokens, "number of tokens"),
            whole("seed", fields.seed, "seed"),
            whole("step", fields.step, "step"),
            strict=True,
        )
    )


def has_grades(row: Row, fields: Fields) -> bool:
    """Whether what stands in a row's column of grades can be read as such."""
    value = first(row.values, fields.grade)
    try:
        for entry in value if isinstance(value, list | tuple) else [value]:
            if entry is not MISSING:
                recorded_values.grade(entry, row.place, fields.grade_from)
    except RecordedError:
        return False
    return True


def _path_of(row: Row, paths: Paths) -> Path:
    return next((path for path in paths if lookup(row.values, path) is not MISSING), "")


def names(row: Row) -> str:
    """The columns of a row, for messages."""
    return ", ".join(sorted(map(str, row.values)))


def nested(row: Row) -> str:
    """That a path reaches into nested values, for messages about a row that has such."""
    if any(isinstance(value, dict) for value in row.values.values()):
        return ", or a path such as doc.answer into nested values"
    return ""


def _question(row: Row, fields: Fields) -> str | None:
    question = asked(first(row.values, fields.question))
    if question is MISSING or question is None or question == "":
        return None
    if not isinstance(question, str):
        raise RecordedError(f"{row.place}: question is {_short(question)}; expected text")
    return question


def _problem(row: Row, fields: Fields, question: str | None) -> str:
    for path in fields.problem:
        value = lookup(row.values, path)
        if value is not MISSING and (name := id_text(value)) is not None:
            return name
    if question is None:
        paths = (*fields.problem, *fields.question)
        raise RecordedError(
            f"{row.place}: nothing tells which problem it answers: "
            + (f"no {' or '.join(map(repr, paths))} is there; " if paths else "")
            + f"name a column: --column problem_id=COLUMN; the row has {names(row)}"
        )
    return question


def _references(row: Row, fields: Fields) -> tuple[str, ...]:
    value = first(row.values, fields.reference)
    if value is MISSING or value is None:
        return ()
    return recorded_values.references(value, row.place)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
