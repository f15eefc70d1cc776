"""Expectations that say nothing of samples that somebody else drew: they are no finding."""

from collections.abc import Set as AbstractSet

from passk.data.expectations.results import SuiteResult
from passk.report.context import ReportContext
from passk.report.reading import ReadDraw

# What only our own sampling can keep or break.
_OF_DRAWN = {
    "no two samples share a random stream",
    "every drawn sample has a stream",
    "every drawn sample has at least one token",
    "all samples of a problem have the same prompt",
}
_TRAINED = "no test problem was trained on"
_TRUNCATED = " of a draw's samples are cut off"
_AS_MANY = ("every problem has as many samples as the draw says",
            "every problem has as many verdicts as the draw says")  # fmt: skip


def list_inapplicable(suite: SuiteResult, context: ReportContext) -> AbstractSet[str]:
    """Names of the expectations that cannot apply in this study.

    Of a study without imported draws none is listed. Else those of which no row was looked at,
    and, where all draws are imported, what their files do not state.

    Args:
        suite: whose expectations.
        context: its draws, and what was read for them.
    """
    reads = context.reading.draws
    if not reads:
        return frozenset()
    empty = {check.name for check in suite.expectations if check.success and not check.checked}
    if len(reads) < len(context.draws):
        return empty
    names = {check.name for check in suite.expectations}
    return empty | {name for name in names if _is_unstated(name, list(reads.values()), context)}


def _is_unstated(name: str, reads: list[ReadDraw], context: ReportContext) -> bool:
    """Whether an expectation is about what no file of these draws states."""
    if name in _OF_DRAWN:
        return True
    if name == _TRAINED:
        return not (context.train or context.sft)
    if name.endswith(_TRUNCATED):
        return not any(read.ends_stated for read in reads)
    if name in _AS_MANY:  # the draw takes what there is
        taken = all(draw.n is None for draw in context.draws.values())
        return taken and any(read.smallest != read.largest for read in reads)
    return False
