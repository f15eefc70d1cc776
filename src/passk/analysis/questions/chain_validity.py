"""How many right answers a valid chain reaches, by how hard the problem is for the draw.

The paper's authors read correct responses to problems with an accuracy in (0, 5%) by hand, as a
right answer that is that rare may be a guess (Appendix D.2).
"""

import numpy as np
import polars as pl

from passk.analysis.bootstrap import draw_problems
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.digests import seed as seed_of
from passk.core.tables import Table

ALL, RARE, SOME, OFTEN = "all", "below 5%", "5% to 50%", "50% and more"
_EDGES = {RARE: (0.0, 0.05), SOME: (0.05, 0.5), OFTEN: (0.5, 1.01), ALL: (0.0, 1.01)}

TABLE = Table(
    "chain_validity",
    1,
    {
        "draw": pl.String(),
        "set": pl.String(),
        "accuracy": pl.String(),  # of the draw on a problem, c / n: all | below 5% | ...
        "problems": pl.Int64(),  # that the draw solves with such an accuracy
        "right": pl.Int64(),  # right answers to them
        "valid": pl.Int64(),  # of these, by a valid chain
        "share": pl.Float64(),
        # Limits by a bootstrap of problems; of one problem there are none.
        "low": pl.Float64(),
        "high": pl.Float64(),
    },
    key=("draw", "set", "accuracy"),
    nullable=frozenset({"low", "high"}),
)


def count_valid_chains(inputs: QuestionInputs) -> pl.DataFrame:
    """A row for each draw, set and range of accuracy in which something was solved."""
    counts = inputs.counts
    assert isinstance(counts, pl.DataFrame), "counts are read whole"
    solved = counts.filter(
        pl.col("d").is_not_null().all().over("draw", "set") & (pl.col("c") > 0)
    ).with_columns(rate=pl.col("c") / pl.col("n"))
    rows = []
    for (draw, name), part in solved.group_by("draw", "set", maintain_order=True):
        for accuracy, (least, below) in _EDGES.items():
            chosen = part.filter((pl.col("rate") >= least) & (pl.col("rate") < below))
            if chosen.is_empty():
                continue
            chosen = chosen.sort("problem_id")
            right, valid = chosen["c"].to_numpy(), chosen["d"].to_numpy()
            low, high = _limits(inputs, (str(draw), str(name), accuracy), right, valid)
            rows.append(
                {
                    "draw": draw, "set": name, "accuracy": accuracy, "problems": len(right),
                    "right": int(right.sum()), "valid": int(valid.sum()),
                    "share": float(valid.sum() / right.sum()), "low": low, "high": high,
                }
            )  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _limits(
    inputs: QuestionInputs, names: tuple[str, ...], right: np.ndarray, valid: np.ndarray
) -> tuple[float | None, float | None]:
    """Percentile limits of a ratio of sums: problems are drawn, with all their answers."""
    if len(right) < 2:
        return None, None
    bootstrap = inputs.analysis.bootstrap
    generator = np.random.default_rng(seed_of("bootstrap validity", inputs.seed, *names))
    drawn = draw_problems(len(right), bootstrap.resamples, generator)
    shares = valid[drawn].sum(axis=1) / right[drawn].sum(axis=1)
    tail = (1.0 - bootstrap.level) / 2
    low, high = np.quantile(shares, [tail, 1.0 - tail])
    return float(low), float(high)


QUESTION = AnalysisQuestion(TABLE, count_valid_chains, trace_draw)
