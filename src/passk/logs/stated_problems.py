"""Questions and right answers from a file of their own, for samples that lack them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from passk.core.rows import RecordedError, each_row
from passk.data import recorded_values
from passk.logs.fields import first
from passk.logs.formats.plain import USUAL
from passk.logs.side import ONE_SET, Side, SideProblem
from passk.logs.values import MISSING, asked


def read_problems(path: Path, given: Mapping[str, str]) -> Side:
    """Problems by their id, and by their question.

    Raises:
        RecordedError: a row without a right answer, or a problem twice.
    """
    kinds = {
        kind: (given[kind], *getattr(USUAL, kind))
        for kind in ("problem", "question", "reference")
        if kind in given
    }
    fields = replace(USUAL, **kinds)  # type: ignore[arg-type]
    problems: Side = {}
    for row in each_row(path):
        question = asked(first(row.values, fields.question))
        reference = first(row.values, fields.reference)
        if reference is MISSING:
            raise RecordedError(
                f"{row.place}: no right answer; found {', '.join(map(str, row.values))}. Name "
                "its column: --column gold=COLUMN"
            )
        text = question if isinstance(question, str) else None
        problem = SideProblem(row.place, text, recorded_values.references(reference, row.place))
        name = first(row.values, fields.problem)
        set_name = first(row.values, fields.set)
        keys = [str(name)] if name is not MISSING else []
        for key in [*keys, *([text] if text else [])]:
            place = (str(set_name) if set_name not in (MISSING, None) else ONE_SET), key
            if place in problems and problems[place].references != problem.references:
                raise RecordedError(
                    f"{row.place}: problem {key!r} stands in {problems[place].place} too"
                )
            problems[place] = problem
    return problems
