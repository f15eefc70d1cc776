"""What a result row rests on, from its question and the comparisons in the parameter file."""

from collections.abc import Mapping
from typing import Any

from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.questions.tracing import (
    ComparedDraws,
    ResultRow,
    RowSources,
    UncomparedError,
    trace_draw,
)
from passk.config import paths
from passk.provenance.explain import ExplainError, find_own_table


def trace_row(table: str, row: ResultRow, compared: ComparedDraws) -> RowSources:
    """The draws and arms that a row of a result table is computed from.

    Args:
        table: a question, `examples-NAME` or `agreement-NAME`.
        row: a row of it.
        compared: the study's comparisons.

    Raises:
        ExplainError: the row's comparison or group is no longer in the parameter file.
        UnknownNameError: no question has that name.
    """
    trace = trace_draw if find_own_table(table) else QUESTIONS[table].trace
    try:
        return trace(row, compared)
    except UncomparedError as error:
        raise ExplainError(
            f"{error.kind} {error.name}: no longer in {paths.PARAMS}, analysis.{error.kind}s"
        ) from None


def read_comparisons(params: Mapping[str, Any]) -> ComparedDraws:
    """The comparisons of a parameter file, legal or not: a number outlives its parameters."""
    analysis = params["analysis"]
    views = analysis.get("views") or {}
    return ComparedDraws(
        comparisons={
            name: tuple(
                str(compared[role]) for role in ("reference", "candidate") if role in compared
            )
            for name, compared in (analysis.get("comparisons") or {}).items()
        },
        groups=analysis.get("groups") or {},
        sampled={
            draw: frozenset(sets) | {name for name, view in views.items() if view["set"] in sets}
            for draw, sets in (
                (draw, entry.get("sets", ())) for draw, entry in params["draws"].items()
            )
        },
    )
