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


def tabulate_contamination(context: ReportContext) -> HtmlTable:
    """Test sets beside training sets: how many problems stand in both, and which."""
    rows: list[Cells] = []
    details = []
    suite = context.validation.get("problems")
    for one in suite.contamination if suite else ():
        at = cite("validation", "contamination", kind="problems")
        numbers = (one.test_problems, one.same, one.overlapping, one.short)
        rows.append(
            [
                [context.label(one.test)],
                [context.label(one.training)],
                *([SourcedValue(str(number), number, at)] for number in numbers),
            ]
        )
        if one.problems:
            listed = "; ".join(
                f"{problem.index} (training {problem.training_index}, "
                f"{'whole' if problem.same else f'{problem.share:.0%}'})"
                for problem in one.problems
            )
            names = f"{context.label(one.test)} in {context.label(one.training)}"
            details.append((f"{names}: problems by index", listed))
    columns = ["Test set", "Training set", "Compared", "The same", "Overlapping", "Short"]
    return HtmlTable(
        columns,
        rows,
        frozenset({0, 1}),
        details,
        title="Test problems that stand in a training set",
        caption="The same: word by word. Overlapping: a run of words in common. Short: fewer words "
        "than such a run has, compared whole.",
    )


SECTION = Section(
    title="Validation",
    caption="Expectations across tables that gate the analyses.",
    tables=lambda context: [tabulate_validation(context), tabulate_contamination(context)],
)
