"""Files that `passk import` wrote, as `passk judge` reads them: their columns by name."""

from collections.abc import Sequence
from dataclasses import replace

from passk.cli.judge_request import JudgeRequest
from passk.core.rows import RecordedError, Row
from passk.logs.normal_file import COLUMNS

# Kinds of columns of `passk judge` -> columns of a file that `passk import` wrote.
_OF_SAMPLES = {
    "problem_id": "problem",
    "response": "text",
    "recorded_grade": "grade",
    "sample_index": "number",
    "finish_reason": "finish",
}
_OF_PROBLEMS = {"problem": "question", "gold": "references"}


def name_columns(request: JudgeRequest, rows: Sequence[Row]) -> JudgeRequest:
    """The request with the columns of a file that `passk import` wrote; others as they are.

    Raises:
        RecordedError: such a file with several sets, whose problems may share ids.
    """
    if not rows or set(rows[0].values) != set(COLUMNS):
        return request
    sets = {str(row.values["set"]) for row in rows}
    if len(sets) > 1:
        raise RecordedError(
            f"{request.responses}: holds the sets {', '.join(sorted(sets))}; import one at a time, "
            "as by --where set=NAME"
        )
    columns = _OF_SAMPLES | ({} if request.problems is not None else _OF_PROBLEMS)
    if request.domain.tested:
        columns.pop("gold", None)
    given = {kind: column for kind, column in request.columns.items() if column is not None}
    return replace(request, columns={**request.columns, **columns, **given})
