"""What was checked across tables before the analyses ran."""

from collections.abc import Set as AbstractSet

from passk.domains.expectations import ExpectationResult
from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable
from passk.report.inapplicable import list_inapplicable
from passk.report.sections.section import Section


def tabulate_validation(context: ReportContext) -> HtmlTable:
    """Expectations that are met, suite by suite; which these are, to unfold below."""
    rows: list[Cells] = []
    details = []
    left_out = {
        kind: list_inapplicable(suite, context) for kind, suite in context.validation.items()
    }
    for kind, suite in context.validation.items():
        checks = [check for check in suite.expectations if check.name not in left_out[kind]]
        met = f"{len(checks) - suite.failed} of {len(checks)}"
        at = cite("validation", "expectations", kind=kind)
        # of a part of the suite there is no row
        cell = met if left_out[kind] else SourcedValue(met, len(checks) - suite.failed, at)
        skipped = [[str(len(left_out[kind]))]] if any(left_out.values()) else []
        rows.append([[kind], [cell], *skipped, ["passed" if suite.success else "FAILED"]])
        marks = (f"{_mark(check, left_out[kind])} {check.name}" for check in suite.expectations)
        details.append((f"{kind}: what is expected", "; ".join(marks)))
    columns = ["Suite", "Expectations met", "Result"]
    if any(left_out.values()):
        columns.insert(2, "Not applicable")
    return HtmlTable(columns, rows, frozenset({0, len(columns) - 1}), details)


def _mark(check: ExpectationResult, left_out: AbstractSet[str]) -> str:
    if check.name in left_out:
        return "– not applicable:"
    return "✓" if check.success else "✗"


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


def _caption(context: ReportContext) -> str:
    caption = "Expectations across tables that gate the analyses."
    if not any(list_inapplicable(suite, context) for suite in context.validation.values()):
        return caption
    return (
        f"{caption} Not applicable: about what this study does not have, or what the files of its "
        "imported samples do not state."
    )


SECTION = Section(
    title="Validation",
    caption=_caption,
    tables=lambda context: [tabulate_validation(context), tabulate_contamination(context)],
)
