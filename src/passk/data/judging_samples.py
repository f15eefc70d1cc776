"""Responses that somebody else drew, as a judge is told them: a row holds one, or a list of them.

Of programs, evalplus's columns are known: `solution` is a program, run as it is, `completion` what
follows the prompt; a row may have both, and one that is null is none. All other columns hold
responses, from which a program is extracted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from passk.core.rows import RecordedError, Row
from passk.data.judging_columns import (
    EVALPLUS,
    Content,
    SampleColumns,
    blank_is_null,
    content_of,
    list_entries,
)
from passk.data.recorded_values import finish
from passk.data.recorded_values import grade as recorded_grade
from passk.data.usual_columns import Option, cell_of, flag, name_candidates
from passk.data.value_paths import answered, has_value, is_chat

_OPTIONAL = ("recorded_grade", "finish_reason")


@dataclass(frozen=True)
class JudgingSample:
    """A response, or a program.

    Attributes:
        place: of its row, in words for messages.
        problem: the name of its problem.
        number: among its problem's samples.
        text: as the file has it; None: there is none.
        holds: what the text is.
        grade: somebody's grade of it, or None.
        cut: whether it ended at its length limit.
    """

    place: str
    problem: str
    number: int
    text: str | None
    holds: Content
    grade: bool | None
    cut: bool


def read_samples(
    rows: Sequence[Row],
    names: Sequence[str],
    columns: SampleColumns,
    *,
    allow_missing: bool = False,
    option: Option = flag,
) -> list[JudgingSample]:
    """The samples of a file, in its order.

    Args:
        rows: of the file.
        names: of the problem that each row answers.
        columns: what the file calls its columns.
        allow_missing: whether a response may be null.
        option: how a user names a column, for messages.

    Raises:
        RecordedError: a missing value, one of another type, a sample twice, lists of different
            length.
    """
    samples: list[JudgingSample] = []
    number: Counter[str] = Counter()
    taken: dict[tuple[str, int], str] = {}
    for row, name in zip(rows, names, strict=True):
        column, holds = _column_of(row, columns)
        texts = _texts(cell_of(row, column, "response", option))
        grades = _beside(row, columns.recorded_grade, "recorded_grade", len(texts), option)
        numbers = _beside(row, columns.sample_index, "sample_index", len(texts), option)
        reasons = _beside(row, columns.finish_reason, "finish_reason", len(texts), option)
        for entry, (text, grade, given, reason) in enumerate(
            zip(texts, grades, numbers, reasons, strict=True)
        ):
            place = row.place if len(texts) == 1 else f"{row.place}, entry {entry}"
            if not (isinstance(text, str) or (text is None and allow_missing)):
                raise RecordedError(_no_text(place, column, text))
            index = number[name] if given is None else _index(given, place)
            if (first := taken.setdefault((name, index), place)) != place:
                raise RecordedError(
                    f"{place}: sample {index} of problem {name!r} stands in {first} too; remove "
                    "one, or name another column with "
                    f"{option('problem_id' if given is None else 'sample_index')}"
                )
            number[name] += 1
            samples.append(
                JudgingSample(
                    place=place,
                    problem=name,
                    number=index,
                    text=text,
                    holds=holds,
                    grade=recorded_grade(grade, place),
                    cut=finish(reason, columns.finish_reason or "") == "length",
                )
            )
    return samples


def _column_of(row: Row, columns: SampleColumns) -> tuple[str, Content]:
    if columns.response is not None:
        return columns.response, columns.holds
    filled = [name for name in EVALPLUS if row.values.get(name) is not None]
    column = filled[0] if filled else next((n for n in EVALPLUS if n in row.values), None)
    if column is None:
        others = name_candidates("response", [row], programs=True)
        column = others[0] if others else EVALPLUS[0]
    return column, content_of(column, programs=True)


def _texts(value: object) -> list[object]:
    if is_chat(value):
        return [answered(value)]
    return [answered(entry) for entry in list_entries(value)]


def _beside(row: Row, column: str | None, kind: str, size: int, option: Option) -> list[object]:
    """The values that stand beside a row's responses, as many; None where there is no column.

    What is optional may be absent in a row, as tools leave out what they do not know.
    """
    if column is None or (kind in _OPTIONAL and not has_value(row.values, column)):
        return [None] * size
    values = list_entries(cell_of(row, column, kind, option))
    if len(values) == 1 and kind == "finish_reason":
        values *= size
    if len(values) != size:
        raise RecordedError(
            f"{row.place}: {len(values)} entries in {column!r}, but {size} responses"
        )
    return [blank_is_null(value) for value in values]


def _no_text(place: str, column: str, value: object) -> str:
    shown = repr(value)
    remedy = (
        "; say what a missing response counts as with --missing"
        if value is None
        else "; name a column of texts, or a path into it, with --response"
    )
    return f"{place}: {column!r} is {shown[:60]}{'...' * (len(shown) > 60)}; expected text{remedy}"


def _index(value: object, place: str) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RecordedError(f"{place}: sample index is {value!r}; expected 0, 1, ...")
    return value
