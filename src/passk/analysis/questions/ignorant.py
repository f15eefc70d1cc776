"""The exact pass@k of the ignorant strategy on every generated set: `passk.domains.ignorant`."""

import polars as pl

from passk.analysis.questions.exact import extend
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_nothing
from passk.analysis.views import add_views
from passk.core.tables import Table
from passk.domains.ignorant import IGNORANT
from passk.domains.world_source import world_of

TABLE = Table(
    "ignorant",
    1,
    {
        "set": pl.String(),
        "k": pl.Int64(),
        "pass_at_k": pl.Float64(),  # exact: mean of 1 - (1 - p)^k
        "valid_pass_at_k": pl.Float64(),  # the same of valid chains
        "problems": pl.Int64(),
    },
    key=("set", "k"),
)

_CHANCES = {"set": pl.String, "problem_id": pl.String, "answer": pl.Float64, "chain": pl.Float64}


def draw_ignorant_lines(inputs: QuestionInputs) -> pl.DataFrame:
    """A row for each k, far past the grid, and each set of a world that has an ignorant strategy.

    Sets with a problem that the strategy cannot read have no row.
    """
    rows = []
    columns = ["set", "problem_id", "source", "question", "tests", "answer"]
    for name, problem_id, source, question, shown, answer in inputs.problems.select(
        columns
    ).iter_rows():
        world = world_of(source)
        if world is None or world not in IGNORANT:
            continue
        withheld = inputs.analysis.withheld.get(world, [])
        chance = IGNORANT[world](question, shown, answer, withheld)
        rows.append((name, problem_id, *(chance or (None, None))))
    chances = add_views(pl.DataFrame(rows, schema=_CHANCES, orient="row"), inputs.views)
    lines = []
    for (name,), part in chances.group_by("set", maintain_order=True):
        if part["answer"].null_count():
            continue
        chances_of_set = part.select("answer", "chain").to_numpy()
        for k in extend(inputs.analysis.k):
            reached = (1.0 - (1.0 - chances_of_set) ** k).mean(axis=0)
            lines.append((name, k, float(reached[0]), float(reached[1]), len(part)))
    return pl.DataFrame(lines, schema=dict(TABLE.columns), orient="row")


QUESTION = AnalysisQuestion(TABLE, draw_ignorant_lines, trace_nothing, reads="sets")
