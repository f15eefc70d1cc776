"""The page of a comparison: sections of a study's page, and what was read."""

from collections.abc import Mapping

from passk.comparing import settings
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.notes import differs_in_n
from passk.comparing.run import PairAnswers
from passk.report.context import ReportContext
from passk.report.entries import ReportedDraw, ReportedSet
from passk.report.reading import ReadSamples
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
