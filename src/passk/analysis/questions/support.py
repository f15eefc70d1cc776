"""The support ledger of every comparison, beside what two draws of the reference would show."""

import polars as pl

from passk.analysis.evaluation_groups import GroupComparison
from passk.analysis.forecast import fit
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison
from passk.analysis.support import SupportLedger, count_ledger
from passk.core.tables import Table

TABLE = Table(
    "support",
    1,
    {
        "comparison": pl.String(),
        "set": pl.String(),
        # solved: at least once in n samples; null: the same, expected of a second draw of the
        # reference; likely: success probability above epsilon, by the fitted distribution
        "by": pl.String(),
        "epsilon": pl.Float64(),  # 1 / n of the reference; 0 for `solved` and `null`
        "preserved": pl.Float64(),  # problems
        "expanded": pl.Float64(),
        "shrunk": pl.Float64(),
        "out_of_reach": pl.Float64(),
        "retention": pl.Float64(),  # SRR; null where nothing was in reach
        "discovery": pl.Float64(),  # NDR
        "dynamic_score": pl.Float64(),  # SDS
        "net_change": pl.Float64(),  # NSCR
    },
    key=("comparison", "set", "by"),
    nullable=frozenset({"retention", "discovery", "dynamic_score", "net_change"}),
)


def keep_ledgers(inputs: QuestionInputs) -> pl.DataFrame:
    """Three rows per comparison and set."""
    rows = [
        {"comparison": comparison.name, "set": comparison.set, **row}
        for comparison in inputs.comparisons()
        if not (comparison.reference.greedy or comparison.candidate.greedy)
        for row in _ledgers(comparison)
    ]
    frame = pl.DataFrame(rows, schema=dict(TABLE.columns))
    return frame.with_columns(pl.col(sorted(TABLE.nullable)).fill_nan(None))


def _ledgers(comparison: GroupComparison) -> list[dict[str, object]]:
    reference, candidate = comparison.reference, comparison.candidate
    spread, trained = fit(reference.n, reference.c), fit(candidate.n, candidate.c)
    again = spread.solved_again(reference.n, reference.c, candidate.n)
    epsilon = 1.0 / reference.smallest_n
    return [
        _row("solved", 0.0, count_ledger(reference.c > 0, candidate.c > 0)),
        _row("null", 0.0, count_ledger(reference.c > 0, again)),
        _row(
            "likely",
            epsilon,
            count_ledger(
                spread.exceeds(reference.n, reference.c, epsilon),
                trained.exceeds(candidate.n, candidate.c, epsilon),
            ),
        ),
    ]


def _row(by: str, epsilon: float, ledger: SupportLedger) -> dict[str, object]:
    return {
        "by": by,
        "epsilon": epsilon,
        "preserved": ledger.preserved,
        "expanded": ledger.expanded,
        "shrunk": ledger.shrunk,
        "out_of_reach": ledger.out_of_reach,
        "retention": ledger.retention,
        "discovery": ledger.discovery,
        "dynamic_score": ledger.dynamic_score,
        "net_change": ledger.net_change,
    }


QUESTION = AnalysisQuestion(TABLE, keep_ledgers, trace_comparison)
