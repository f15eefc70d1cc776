"""The page of a comparison: sections of a study's page, and what was read."""

from collections.abc import Mapping, Sequence

import polars as pl

from passk.comparing import settings
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.notes import differs_in_n
from passk.comparing.run import PairAnswers
from passk.domains.verdict import CORRECT, UNKNOWN
from passk.report.context import ReportContext
from passk.report.entries import ReportedDraw, ReportedSet
from passk.report.reading import GradeAgreement, ReadSamples, cohen_kappa
from passk.report.roles import Roles


def report_context(
    answers: PairAnswers, labels: Mapping[str, str], reading: ReadSamples, title: str
) -> ReportContext:
    """Everything that the page of a comparison shows."""
    sets = answers.counts["set"].unique(maintain_order=True).to_list()
    return ReportContext(
        params=settings.report(title, labels, sets, judges_subset=not differs_in_n(answers.counts)),
        analysis=answers.analysis,
        results=answers.results,
        draws={draw: ReportedDraw(model=draw, sets=tuple(sets)) for draw in (REFERENCE, CANDIDATE)},
        sets={name: ReportedSet(problems=name) for name in sets},
        reading=reading,
        roles=Roles.of(labels[CANDIDATE], labels[REFERENCE]),
        traced=False,
        finding_of_each=True,
    )


def agreement(verdicts: pl.DataFrame, grades: Sequence[bool | None]) -> GradeAgreement | None:
    """How verdicts and recorded grades agree; None where nothing was graded.

    Args:
        verdicts: of a draw.
        grades: of the same samples, in the same order.
    """
    frame = verdicts.select("verdict").with_columns(grade=pl.Series(grades, dtype=pl.Boolean()))
    frame = frame.filter(pl.col("grade").is_not_null() & (pl.col("verdict") != UNKNOWN))
    if frame.is_empty():
        return None
    here = frame["verdict"] == CORRECT
    there = frame["grade"]
    only_here, only_there = int((here & ~there).sum()), int((~here & there).sum())
    both, neither = int((here & there).sum()), int((~here & ~there).sum())
    return GradeAgreement(
        len(frame), only_here, only_there, cohen_kappa(both, only_here, only_there, neither)
    )
