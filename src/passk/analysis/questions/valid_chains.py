"""Pass@k, differences and coverage on right answers that valid chains of reasoning reach.

A right answer may be guessed, or come of two mistakes. CoT-Pass@k (arXiv 2506.14245) counts a
sample only where its chain is valid as well: 1 - C(n - d, k) / C(n, k) for d of n such samples.
Worlds know which chains are valid; of other samples a label says so, or nothing is known (`d` is
null), and the draw has no row on that set.

Everything is computed as of answers, with `d` in the place of `c`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import polars as pl

from passk.analysis.evaluation_groups import group_counts
from passk.analysis.questions.coverage import TABLE as COVERAGE
from passk.analysis.questions.coverage import classify_problems
from passk.analysis.questions.difference import TABLE as DIFFERENCE
from passk.analysis.questions.difference import estimate_difference
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import TABLE as CURVES
from passk.analysis.questions.pass_at_k import estimate_pass_at_k
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_comparison, trace_draw


def with_valid_chains(inputs: QuestionInputs) -> QuestionInputs:
    """What a question may use, with samples counted as correct only where their chain is valid.

    Draws and sets without labels are left out, and comparisons that then share no set.
    """
    counts = inputs.counts
    assert isinstance(counts, pl.DataFrame), "counts are read whole"
    labelled = counts.filter(pl.col("d").is_not_null().all().over("draw", "set"))
    # What is unknown may hold a right answer; whether its chain is valid nobody knows either.
    valid = labelled.with_columns(c=pl.col("d"))
    groups = group_counts(valid) if len(valid) else {}
    comparisons = {
        name: entry
        for name, entry in inputs.analysis.comparisons.items()
        if _sets(groups, entry.reference) & _sets(groups, entry.candidate)
    }
    analysis = inputs.analysis.model_copy(update={"comparisons": comparisons, "groups": {}})
    return replace(inputs, counts=valid, groups=groups, analysis=analysis, curves={})


def _sets(groups: Iterable[tuple[str, str]], draw: str) -> set[str]:
    return {name for one, name in groups if one == draw}


def _of_valid_chains(
    answer: Callable[[QuestionInputs], pl.DataFrame],
) -> Callable[[QuestionInputs], pl.DataFrame]:
    return lambda inputs: answer(with_valid_chains(inputs))


VALID_PASS_AT_K = AnalysisQuestion(
    replace(CURVES, name="valid_pass_at_k", version=1),
    _of_valid_chains(estimate_pass_at_k),
    trace_draw,
)
VALID_DIFFERENCE = AnalysisQuestion(
    replace(DIFFERENCE, name="valid_difference", version=1),
    _of_valid_chains(estimate_difference),
    trace_comparison,
)
VALID_COVERAGE = AnalysisQuestion(
    replace(COVERAGE, name="valid_coverage", version=1),
    _of_valid_chains(classify_problems),
    trace_comparison,
)
