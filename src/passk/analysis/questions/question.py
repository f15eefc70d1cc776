"""A question of the analyses: what it reads, how it is answered, and what the answer looks like.

One module holds all of it, so that a new question needs that module (and its `.sql`), a test and a
line under `analysis.questions` in a parameter file. A built-in one is listed in
`passk.analysis.questions.registry`; another package brings its own by an entry point:

    [project.entry-points."passk.questions"]
    mine = "my_package.mine:QUESTION"

Example of a module:

    TABLE = Table("solved", 1, {"draw": pl.String(), "set": pl.String(), "solved": pl.Int64()},
                  key=("draw", "set"))

    def count_solved(inputs: QuestionInputs) -> pl.DataFrame:
        rows = [(g.draw, g.set, int((g.c > 0).sum())) for g in inputs.groups.values()]
        return pl.DataFrame(rows, schema=dict(TABLE.columns), orient="row")

    QUESTION = AnalysisQuestion(TABLE, count_solved, trace_draw)
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.tracing import Tracing
from passk.analysis.settings import Folder
from passk.core.tables import Table


@dataclass(frozen=True)
class AnalysisQuestion:
    """One question.

    Attributes:
        table: contract of the result table; its key names the rows for `passk explain`.
        answer: the computation, from what the question reads to the rows of the table.
        trace: which draws and arms a row of the result rests on.
        reads: the folder under data/STUDY whose tables or logs it reads.
    """

    table: Table
    answer: Callable[[QuestionInputs], pl.DataFrame]
    trace: Tracing
    reads: Folder = "counts"
