"""What training with other seeds gives: the noise that no number of problems or samples shows.

The names say what repeats what (`passk.models.naming`): draws NAME and NAME-s1 of models ARM and
ARM-s1 at one step and temperature, and comparisons NAME and NAME-s1 of such draws. A model without
a seed in its name has seed 0.
"""

from pathlib import Path

import polars as pl

from passk.analysis.database import query
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import query_curves
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import ResultRow, trace_listed_draws
from passk.analysis.studentized_range import mean_interval, studentized_range
from passk.core.tables import Table
from passk.models.naming import parse

SQL = Path(__file__).parent / "seeds.sql"

TABLE = Table(
    "seeds",
    2,
    {
        "name": pl.String(),  # of the lowest seed: a draw (pass_at_k), or a comparison
        "set": pl.String(),
        "quantity": pl.String(),  # pass_at_k | difference | efficiency_gap
        "k": pl.Int64(),
        "seeds": pl.Int64(),  # training seeds, at least 2
        "mean": pl.Float64(),  # over seeds
        "sd": pl.Float64(),  # over seeds, of one of them
        "low": pl.Float64(),  # limits of the mean by Student's t over seeds
        "high": pl.Float64(),
        "noise": pl.Float64(),  # efficiency_gap of a comparison in a group: a spread that equal
        # comparisons of this sd each exceed in 1 - level of cases (studentized range); else null
        "train_seeds": pl.List(pl.Int64()),  # ascending
        "values": pl.List(pl.Float64()),  # in the order of the seeds
        "draws": pl.List(pl.String()),  # by seed; of a comparison, reference and candidate
    },
    key=("name", "set", "quantity", "k"),
    nullable=frozenset({"noise"}),
)

_DRAWS = {"draw": pl.String, "stem": pl.String, "train_seed": pl.Int64}
_COMPARISONS = {
    "comparison": pl.String, "stem": pl.String, "reference": pl.String, "candidate": pl.String,
}  # fmt: skip


def compare_seeds(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per quantity of a draw or comparison that has two seeds or more.

    pass@1 and pass@k of draws; candidate - reference at 1 and k and the sampling efficiency gap of
    comparisons, with k = `efficiency_k`; a k above a draw's n gives no row.

    Raises:
        ValueError: two draws or comparisons have one seed, or repetitions have other problems.
    """
    k = inputs.analysis.efficiency_k
    tables = {
        "curves": query_curves(inputs.counts, sorted({1, k})),
        "draws": _draw_table(inputs),
        "comparisons": _comparison_table(inputs),
    }
    rows = []
    for row in query(SQL, tables, {"k": k}).iter_rows(named=True):
        _check_seeds(row)
        _check_problems(inputs, row)
        low, high = mean_interval(row["values"], inputs.analysis.bootstrap.level)
        rows.append(row | {"low": low, "high": high, "noise": _noise(inputs, row)})
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _draw_table(inputs: QuestionInputs) -> pl.DataFrame:
    """Rows `draw, stem, train_seed`."""
    models = {draw: parse(group.model) for (draw, _), group in inputs.groups.items()}
    rows = [(draw, _stem(draw), model.train_seed or 0) for draw, model in models.items()]
    return pl.DataFrame(rows, schema=_DRAWS, orient="row")


def _comparison_table(inputs: QuestionInputs) -> pl.DataFrame:
    """Rows `comparison, stem, reference, candidate`."""
    names = dict.fromkeys(comparison.name for comparison in inputs.comparisons())
    comparisons = [(name, inputs.analysis.comparisons[name]) for name in names]
    rows = [
        (name, _stem(name), comparison.reference, comparison.candidate)
        for name, comparison in comparisons
    ]
    return pl.DataFrame(rows, schema=_COMPARISONS, orient="row")


def _stem(name: str) -> str:
    """The name of a draw or comparison without its seed."""
    return parse(name).arm


def _noise(inputs: QuestionInputs, row: ResultRow) -> float | None:
    """The spread of its group's gaps, were all equal and each as noisy as this one."""
    if row["quantity"] != "efficiency_gap":
        return None
    sizes = [
        sum(c.name in names and c.set == row["set"] for c in inputs.comparisons())
        for names in inputs.analysis.groups.values()
        if row["name"] in names
    ]
    size = max(sizes, default=0)  # of several groups the largest
    if size < 2:
        return None
    level = inputs.analysis.bootstrap.level
    return float(row["sd"] * studentized_range(size, row["seeds"] - 1, level))


def _check_seeds(row: ResultRow) -> None:
    """Refuse to count one seed twice."""
    if len(set(row["train_seeds"])) < len(row["train_seeds"]):
        raise ValueError(
            f"seeds of {row['name']!r}: the models of draws {', '.join(row['draws'])} "
            f"have the training seeds {row['train_seeds']}, one of them twice; name draws and "
            "comparisons by their seed, NAME and NAME-s1, and draws of another kind otherwise"
        )


def _check_problems(inputs: QuestionInputs, row: ResultRow) -> None:
    """Refuse repetitions on other problems: their values would differ for that alone."""
    first, *others = (inputs.groups[draw, row["set"]] for draw in row["draws"])
    for other in others:
        if different := set(first.problem_ids) ^ set(other.problem_ids):
            raise ValueError(
                f"seeds of {row['name']!r}: draws {first.draw!r} and {other.draw!r} have different "
                f"problems in set {row['set']!r}, e.g. {min(different)}; count both again"
            )


QUESTION = AnalysisQuestion(TABLE, compare_seeds, trace_listed_draws)
