"""Any other table: columns by the names that they usually have.

The names are those of `passk judge`: first those that hardly mean anything else, then those that
often do. Of several whose values differ none is taken; the message names them and the option.
"""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from passk.core.rows import Row
from passk.data.usual_columns import ambiguous, name_candidates
from passk.logs.fields import Fields
from passk.logs.fields import Path as FieldPath
from passk.logs.format import LogFormat
from passk.logs.values import is_chat

# kind of a field -> kind of a column there
_KINDS = {
    "problem": "problem_id", "question": "problem", "reference": "gold", "response": "response",
    "number": "sample_index", "grade": "recorded_grade", "finish": "finish_reason",
}  # fmt: skip
# of kinds that `passk judge` does not read
_OTHERS = {
    "set": ("set", "benchmark", "dataset", "data_source", "task"),
    "tokens": ("n_tokens", "num_tokens", "num_generated_tokens", "completion_tokens"),
    "seed": ("seed",),
}
_MODEL = ("model", "model_name", "model_id")


@lru_cache(maxsize=256)
def _candidates(columns: frozenset[str]) -> dict[str, list[str]]:
    """Kind of a field -> the columns that it may stand in."""
    row = Row("", dict.fromkeys(columns))
    found = {kind: name_candidates(column, [row]) for kind, column in _KINDS.items()}
    others = {kind: [n for n in names if n in columns][:1] for kind, names in _OTHERS.items()}
    return found | others


def narrow(row: Row, fields: Fields, kinds: Collection[str] = (*_KINDS, *_OTHERS)) -> Fields:
    """The fields of a row: paths that a person named, and else columns of usual names.

    Args:
        row: of the table.
        fields: with what was named.
        kinds: of fields that are looked for.

    Raises:
        AmbiguousColumnError: several may be meant, and they differ.
    """
    named = {path for kind in _KINDS for path in getattr(fields, kind)}
    chosen: dict[str, tuple[FieldPath, ...]] = {}
    for kind, names in _candidates(frozenset(row.values)).items():
        free = [name for name in names if name not in named]
        if free and kind in kinds and not getattr(fields, kind):
            if len({_show(row.values[name]) for name in free}) > 1:
                raise ambiguous(_KINDS[kind], row, free, _option)
            chosen[kind] = tuple(free[:1])
    fields = fields.narrowed(**chosen)
    if not fields.question and fields.response and is_chat(row.values.get(fields.response[0])):
        return fields.narrowed(question=fields.response)  # a dialogue holds both
    return fields


def _show(value: object) -> str:
    return repr(value) if isinstance(value, list | dict) else str(value)


def _option(kind: str) -> str:
    return f"--column {kind}=COLUMN"


def recognises(_values: object, _path: Path) -> bool:
    """Any table is one."""
    return True


FORMAT = LogFormat(
    "a table", Fields(response=()), recognises, narrow=narrow, single=_MODEL,
    note="Columns are told by their names; --column names others.",
)  # fmt: skip
