"""Responses shown whole that belong to no domain with a section on the page."""

from passk.report.context import ReportContext
from passk.report.domains import EXAMPLE_RENDERERS
from passk.report.examples import ProblemExample, show_examples
from passk.report.sections.section import Section


def _examples(context: ReportContext) -> tuple[ProblemExample, ...]:
    params = context.params
    domains = [
        name for name in EXAMPLE_RENDERERS if name in params.panels and name in params.sections
    ]
    return show_examples(context, [name for name in context.examples if name not in domains])


SECTION = Section(
    title="Examples",
    caption=(
        "For the problems that the base model solves most rarely, the first right and the first "
        "wrong response of each model, by sample index."
    ),
    examples=_examples,
)
