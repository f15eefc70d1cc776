"""Any other table: columns by the names that they usually have.

The names are those of `passk judge`: first those that hardly mean anything else, then those that
often do. Of several whose values differ none is taken; the message names them and the option.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from passk.core.rows import Row
from passk.data.responses import Holds
from passk.data.usual_columns import COMPLETIONS, PROGRAMS, USUAL, ambiguous, name_candidates
from passk.data.value_paths import is_chat
from passk.logs.fields import Fields
from passk.logs.fields import Path as FieldPath
from passk.logs.format import LogFormat

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
_EVALPLUS = ("solution", "completion")  # in the order in which evalplus takes them
_MODEL = ("model", "model_name", "model_id")


_Chosen = tuple[tuple[tuple[str, tuple[str, ...]], ...], Fields]


def narrow(row: Row, fields: Fields, kinds: Collection[str] = (*_KINDS, *_OTHERS)) -> Fields:
    """The fields of a row: paths that a person named, and else columns of usual names.

    Args:
        row: of the table.
        fields: with what was named.
        kinds: of fields that are looked for.

    Raises:
        AmbiguousColumnError: several may be meant, and they differ.
    """
    several, fields = _chosen(frozenset(row.values), fields, tuple(kinds))
    for kind, names in several:
        if kind == "response" and fields.programs and set(names) == set(_EVALPLUS):
            column = next((name for name in _EVALPLUS if row.values[name] is not None), names[0])
            fields = fields.narrowed(response=(column,), holds=_holds(column))
        elif len({_show(row.values[name]) for name in names}) > 1:
            raise ambiguous(_KINDS[kind], row, names)
    if not fields.question and fields.response and is_chat(row.values.get(fields.response[0])):
        return fields.narrowed(question=fields.response)  # a dialogue holds both
    return fields


@lru_cache(maxsize=256)
def _chosen(columns: frozenset[str], fields: Fields, kinds: Collection[str]) -> _Chosen:
    """Kinds with several columns that may be meant, and fields with the first of each."""
    row = Row("", dict.fromkeys(columns))
    named = {path for kind in _KINDS for path in getattr(fields, kind)}
    names = {
        kind: name_candidates(column, [row], programs=fields.programs)
        for kind, column in _KINDS.items()
    }
    names |= {kind: [n for n in usual if n in columns][:1] for kind, usual in _OTHERS.items()}
    free = {
        kind: [name for name in candidates if name not in named]
        for kind, candidates in names.items()
        if kind in kinds and not getattr(fields, kind)
    }
    several = tuple((kind, tuple(found)) for kind, found in free.items() if len(found) > 1)
    chosen: dict[str, tuple[FieldPath, ...]] = {k: (f[0],) for k, f in free.items() if f}
    fields = fields.narrowed(**chosen)
    return several, replace(
        fields,
        holds=_holds(fields.response[0] if fields.response else ""),
        is_grade_guessed=bool(set(chosen.get("grade", ())) - {*USUAL["recorded_grade"].sure}),
    )


def _holds(column: str) -> Holds:
    """What a column of responses holds, by its name: matters where problems ask for programs."""
    if column in PROGRAMS:
        return "program"
    return "completion" if column in COMPLETIONS else "response"


def _show(value: object) -> str:
    return repr(value) if isinstance(value, list | dict) else str(value)


def recognises(_values: object, _path: Path) -> bool:
    """Any table is one."""
    return True


FORMAT = LogFormat(
    "a table", Fields(response=()), recognises, narrow=narrow, single=_MODEL,
    note="Columns are told by their names; --column names others.",
)  # fmt: skip
