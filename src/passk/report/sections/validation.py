"""What was checked across tables before the analyses ran."""

from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section


def tabulate_validation(context: ReportContext) -> HtmlTable:
    """Expectations that are met, suite by suite; which these are, to unfold below."""
    rows: list[Cells] = []
    details = []
    for kind, suite in context.validation.items():
        checks = suite.expectations
        passed = len(checks) - suite.failed
        at = cite("validation", "expectations", kind=kind)
        rows.append(
            [
                [kind],
                [SourcedValue(f"{passed} of {len(checks)}", passed, at)],
                ["passed" if suite.success else "FAILED"],
            ]
        )
        listed = "; ".join(f"{'✓' if check.success else '✗'} {check.name}" for check in checks)
        details.append((f"{kind}: what is expected", listed))
    columns = ["Suite", "Expectations met", "Result"]
    return HtmlTable(columns, rows, frozenset({0, 2}), details)


SECTION = Section(
    title="Validation",
    caption="Expectations across tables that gate the analyses.",
    tables=lambda context: [tabulate_validation(context)],
)
