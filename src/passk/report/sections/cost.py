"""What training cost, in quantities that do not depend on the machine."""

from collections.abc import Iterable

from passk.analysis.questions.tracing import ResultRow
from passk.report.context import ReportContext
from passk.report.html.sourced_values import SourcedValue, cite
from passk.report.html.tables import NONE, Cells, HtmlTable, TableCell, drop_empty_columns
from passk.report.sections.section import PaperFigure, Section

# Column of the result table -> its heading, and how a number of it is written.
_COLUMNS = {
    "steps": ("Steps", "{}"),
    "rollouts": ("Rollouts drawn", "{:,}"),
    "tokens": ("Tokens generated", "{:,}"),
    "rounds": ("Rounds a step", "{:.2f}"),
    "trained": ("Share with a gradient", "{:.1%}"),
    "reward": ("Final reward", "{:.3f}"),
}
_RELATIVE = 3  # place of the column that sets rollouts in relation to the least


def tabulate_costs(context: ReportContext) -> HtmlTable:
    """What each arm drew and generated."""
    entries = {row["arm"]: row for arm in context.train for row in context.rows("cost", arm=arm)}
    rows: list[Cells] = []
    for arm, entry in entries.items():
        row: Cells = [[context.label(arm)], *(_cell(entry, column) for column in _COLUMNS)]
        row.insert(_RELATIVE, _times(context, entry, entries.values()))
        rows.append(row)
    columns = ["Arm", *(heading for heading, _ in _COLUMNS.values())]
    columns.insert(_RELATIVE, "Times the least")
    return drop_empty_columns(HtmlTable(columns, rows, frozenset({0})))


def _cell(entry: ResultRow, column: str) -> TableCell:
    """A quantity of an arm."""
    value = entry[column]
    if value is None:
        return NONE
    text = _COLUMNS[column][1].format(value)
    return [SourcedValue(text, value, cite("cost", column, arm=entry["arm"]))]


def _times(context: ReportContext, entry: ResultRow, entries: Iterable[ResultRow]) -> TableCell:
    """Rollouts of an arm as a multiple of the least, of arms that are alike.

    Alike: trained on one set, which is of one domain, for as many steps; alone there is none.
    """
    alike = [
        other["rollouts"]
        for other in entries
        if other["steps"] == entry["steps"]
        and context.train[other["arm"]].set == context.train[entry["arm"]].set
        and other["rollouts"]
    ]
    if len(alike) < 2 or not entry["rollouts"]:
        return NONE
    return [f"{entry['rollouts'] / min(alike):.2f}"]  # of numbers that stand beside it


SECTION = Section(
    title="Cost of training",
    caption=(
        "What each arm drew, greedy rollouts and refills included, and generated; “times the "
        "least” compares arms of one training set and as many steps; the share of "
        "prompts × rollouts that had a gradient (DAPO may find fewer groups than that within its "
        "rounds); the mean reward of the last tenth of the steps. Seconds depend on the machine "
        "and are in the run records (ledger.jsonl, MLflow), which passk explain names."
    ),
    reads=("cost",),
    paper=PaperFigure(
        where="Section 4.3",
        numbers="DAPO's dynamic sampling draws 3 to 6 times as many samples per batch.",
    ),
    tables=lambda context: [tabulate_costs(context)],
)
