"""What columns are usually called: one list for `passk judge`, imports and joins.

A column that is not named by its reader is looked for by its usual names: first those that can
hardly mean anything else, then, where the file has none of these, those that often do. Of several
whose values differ none is taken: the reader has to say.

Example:
    >>> rows = [Row("a.jsonl, line 1", {"gt": "7", "answer": "8", "output": "..."})]
    >>> find_column("response", rows)
    'output'
    >>> find_column("gold", rows)
    Traceback (most recent call last):
    passk.data.usual_columns.AmbiguousColumnError: a.jsonl, line 1: the gold answer may be ...
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from passk.core.rows import RecordedError, Row
from passk.data.value_paths import has_value, value_at


class UsualNames(NamedTuple):
    """Names of a column in files in the wild.

    Attributes:
        sure: that hardly mean anything else.
        likely: that are looked for where none of the sure ones is there.
        holds: what the column holds, for messages.
    """

    sure: tuple[str, ...]
    likely: tuple[str, ...]
    holds: str


USUAL: Mapping[str, UsualNames] = {
    "problem_id": UsualNames(
        (
            "problem_id", "task_id", "question_id", "pid", "unique_id", "doc_id", "example_id",
            "custom_id",
        ),
        ("id", "idx", "index", "uuid"),
        "the problem's id",
    ),
    "problem": UsualNames(
        ("problem", "question"), ("prompt", "query", "input", "instruction"), "the question"
    ),
    "gold": UsualNames(
        (
            "gold", "answer", "gt", "target", "final_answer", "gold_answer", "ground_truth",
            "reference_answer", "expected_answer", "correct_answer", "gt_answer",
        ),
        ("reference", "label"),
        "the gold answer",
    ),
    "response": UsualNames(
        (
            "response", "responses", "generation", "generations", "completion", "completions",
            "output", "outputs", "model_output", "model_outputs", "model_response",
            "output_list", "resps",
        ),
        ("text", "code", "prediction", "samples", "messages"),
        "the response",
    ),
    "recorded_grade": UsualNames(
        (
            "recorded_grade", "correct", "is_correct", "true_false", "graded_list", "passed",
            "is_corrects",
        ),
        ("score", "acc", "hit", "grade"),
        "a recorded grade",
    ),
    "sample_index": UsualNames(("sample_index", "sample_idx"), (), "the sample's number"),
    "finish_reason": UsualNames(
        ("finish_reason", "finish_reasons"),
        ("is_truncated", "truncated", "stop_reason"),
        "why a response ended",
    ),
}  # fmt: skip

# In files of programs these hold a program, or what follows the prompt, not a response.
PROGRAMS = ("solution", "code", "code_list")
COMPLETIONS = ("completion", "completions")


class AmbiguousColumnError(RecordedError):
    """Several columns may be meant, and their values differ; the message names them."""


class MissingColumnError(RecordedError):
    """No column of a kind; the message names those there are."""


def option(kind: str) -> str:
    """The option of a command line that names a kind's column.

    Example:
        >>> option("problem_id")
        '--column problem_id=COLUMN'
    """
    return "--problems-id COLUMN" if kind == "problems_id" else f"--column {kind}=COLUMN"


def name_candidates(kind: str, rows: Sequence[Row], *, programs: bool = False) -> list[str]:
    """The usual names of a kind that any row has, the sure ones or else the likely ones.

    Args:
        kind: a key of USUAL.
        rows: of the file.
        programs: whether responses are programs, whose columns have names of their own.
    """
    usual = USUAL[kind]
    sure, likely = usual.sure, usual.likely
    if kind == "response" and programs:
        sure = tuple(dict.fromkeys((*PROGRAMS, *sure)))
    columns = {name for row in rows for name in row.values}
    return [name for name in sure if name in columns] or [
        name for name in likely if name in columns
    ]


def find_column(
    kind: str,
    rows: Sequence[Row],
    given: str | None = None,
    *,
    programs: bool = False,
) -> str | None:
    """The column of a kind: as given, else by its usual names; None where there is none.

    Args:
        kind: a key of USUAL.
        rows: of the file.
        given: its name, or a path into nested values.
        programs: see `name_candidates`.

    Raises:
        MissingColumnError: no row has the given one.
        AmbiguousColumnError: several may be meant, and they differ.
    """
    if given is not None:
        if not any(has_value(row.values, given) for row in rows):
            raise missing_column(kind, rows, given)
        return given
    candidates = name_candidates(kind, rows, programs=programs)
    for row in rows:
        shown = {name: _show(row.values.get(name)) for name in candidates}
        if len(set(shown.values())) > 1:
            raise ambiguous(kind, row, candidates)
    return candidates[0] if candidates else None


def ambiguous(kind: str, row: Row, names: Sequence[str]) -> AmbiguousColumnError:
    """The error of several columns that differ in a row."""
    shown = [f"{name!r} ({_shorten(_show(row.values.get(name)))})" for name in sorted(names)]
    return AmbiguousColumnError(
        f"{row.place}: {USUAL[kind].holds} may be {' or '.join(shown)}; say which with "
        f"{option(kind)}"
    )


def tell_apart_alike(first: Sequence[object], second: Sequence[object]) -> bool:
    """Whether two columns are equal in the same rows: either tells these apart as the other does.

    Example:
        >>> tell_apart_alike([1, 2, 2], ["a", "b", "b"]), tell_apart_alike([1, 2, 3], "abb")
        (True, False)
    """
    return len(set(first)) == len(set(second)) == len(set(zip(first, second, strict=True)))


def missing_column(kind: str, rows: Sequence[Row], given: str | None = None) -> MissingColumnError:
    """The error of a column that is not there, with the columns that are."""
    row = rows[0]
    what = f"no column {given!r}" if given is not None else f"no column holds {USUAL[kind].holds}"
    nested = any(isinstance(value, dict) for value in row.values.values())
    path = " (a path such as doc.answer reaches into nested values)" if nested else ""
    return MissingColumnError(
        f"{row.place}: {what}; found {sorted(row.values)}. Name the right one with {option(kind)}"
        f"{path}"
    )


def cell_of(row: Row, column: str, kind: str) -> object:
    """The value that a row has in a column.

    Raises:
        MissingColumnError: it has none.
    """
    try:
        return value_at(row.values, column)
    except KeyError:
        raise missing_column(kind, [row], column) from None


def _show(value: object) -> str:
    """A value as text: 7 and "7" are the same."""
    return repr(value) if isinstance(value, list | dict) else repr(str(value))


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
