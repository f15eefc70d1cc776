"""Right answers by valid chains of reasoning, beside right answers (the paper's Appendix D.2)."""

from collections.abc import Sequence

from passk.report.context import ReportContext, sort_rows
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.pass_at_k import chart_curves
from passk.report.sections.section import PaperFigure, Section


def tabulate_differences(context: ReportContext, sets: Sequence[str]) -> HtmlTable:
    """Differences at both ends on valid chains, and who solves which problems by one."""
    rows: list[Cells] = []
    for name in sets:
        for comparison in context.comparisons:
            points = sort_rows(
                context.rows("valid_difference", comparison=comparison, set=name), "k"
            )
            if not points:
                continue
            row: Cells = [[context.label(name)], [context.label(comparison)]]
            for end in (points[0], points[-1]):
                key = {"comparison": comparison, "set": name, "k": end["k"]}
                value = format_interval("valid_difference", "difference", end, key, signed=True)
                row.append([f"k = {end['k']}: ", *value])
            rows.append([*row, *_sets_of(context, comparison, name)])
    columns = ["Set", "Comparison", "Difference, smallest k", "Difference, largest k"]
    columns += context.roles.fill("Both|{base} only|{trained} only|Neither").split("|")
    return HtmlTable(columns, rows, frozenset({0, 1}))


def _sets_of(context: ReportContext, comparison: str, name: str) -> Cells:
    cells: Cells = []
    for category in ("both", "reference_only", "candidate_only", "neither"):
        key = {"comparison": comparison, "set": name, "category": category}
        entry = context.row("valid_coverage", **key)
        at = cite("valid_coverage", "problems", **key)
        cells.append(
            [SourcedValue(str(entry["problems"]), entry["problems"], at)] if entry else ["–"]
        )
    return cells


def tabulate_validity(context: ReportContext, sets: Sequence[str]) -> HtmlTable:
    """The share of right answers that a valid chain reaches, by accuracy."""
    rows: list[Cells] = []
    for name in sets:
        for draw in context.curves:
            for entry in context.rows("chain_validity", draw=draw, set=name):
                key = {column: entry[column] for column in ("draw", "set", "accuracy")}
                counted: list[list[Part]] = [
                    [SourcedValue(str(entry[c]), entry[c], cite("chain_validity", c, **key))]
                    for c in ("problems", "right")
                ]
                share: list[Part] = ["–"]
                if entry["low"] is not None:
                    share = list(format_interval("chain_validity", "share", entry, key))
                named: Cells = [[context.label(name)], [context.styles[draw].label]]
                rows.append([*named, [entry["accuracy"]], *counted, share])
    columns = ["Set", "Draw", "Accuracy on the problem", "Problems", "Right answers", "Valid chain"]
    return HtmlTable(columns, rows, frozenset({0, 1, 2}), folded="Valid chains by difficulty")


SECTION = Section(
    title="Valid chains",
    caption=(
        "CoT-Pass@k (arXiv 2506.14245): as pass@k, but a sample counts only where its answer is "
        "right and every step of its chain is valid. A right answer by an invalid chain is a guess "
        "or two mistakes. Bands: {level} intervals, as for pass@k."
    ),
    reads=("valid_pass_at_k", "valid_difference", "valid_coverage", "chain_validity"),
    paper=PaperFigure(where="Appendix D.2 (chains read by hand there)"),
    charts=lambda context: chart_curves(
        context, "valid_chains", context.curve_styles, context.set_names, "valid_pass_at_k"
    ),
    tables=lambda context: [
        tabulate_differences(context, context.set_names),
        tabulate_validity(context, context.set_names),
    ],
)
