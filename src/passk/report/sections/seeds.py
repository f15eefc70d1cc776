"""Training seeds: what repetitions gave, and whether algorithms differ by more than they do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from passk.analysis.questions.tracing import ResultRow
from passk.report.charts import dot_plot
from passk.report.charts.axes import PanelFrame
from passk.report.charts.chart import Chart
from passk.report.charts.dot_plot import DotRow
from passk.report.context import ReportContext
from passk.report.html.intervals import format_interval
from passk.report.html.sourced_values import Part, SourcedValue, ValueSource, cite, format_decimal
from passk.report.html.tables import Cells, HtmlTable
from passk.report.sections.section import Section

_QUANTITIES = ("pass_at_k", "difference", "efficiency_gap")  # in the order of the table


@dataclass(frozen=True)
class SeedComparison:
    """The spread of a group's gaps on a set beside what one of its comparisons gave over seeds."""

    set: str
    group: str
    spread: ResultRow
    seeds: ResultRow

    @property
    def exceeds(self) -> bool:
        """Whether the comparisons of the group lie further apart than seeds alone put them."""
        return bool(self.spread["spread"] > self.seeds["noise"])


def compare_seeds(context: ReportContext) -> Iterator[SeedComparison]:
    """Every group, set and repeated comparison of the group for which both are known."""
    for name in context.every_set:
        for group, comparisons in context.analysis.groups.items():
            spread = context.row("spread", group=group, set=name, quantity="efficiency_gap")
            for row in context.rows("seeds", set=name, quantity="efficiency_gap"):
                if spread is not None and row["name"] in comparisons and row["noise"] is not None:
                    yield SeedComparison(name, group, spread, row)


def describe_seeds(context: ReportContext) -> list[list[Part]]:
    """What the seeds say of the spread between algorithms, set by set."""
    sentences: list[list[Part]] = []
    for entry in compare_seeds(context):
        spread = cite(
            "spread", "spread", group=entry.group, set=entry.set, quantity="efficiency_gap"
        )
        verdict = "more than seeds alone give" if entry.exceeds else "which seeds alone may give"
        sentences.append(
            [f"{context.label(entry.set)}: ΔSE of {context.label(entry.group)} spans ",
             SourcedValue(format_decimal(entry.spread["spread"]), entry.spread["spread"], spread),
             f", {verdict} (up to ", _number(entry.seeds, "noise"), ", from ",
             _number(entry.seeds, "seeds"), f" seeds of {context.versus(entry.seeds['name'])})."]
        )  # fmt: skip
    return sentences


def tabulate_spreads(context: ReportContext) -> HtmlTable:
    """The spread between algorithms beside that over seeds."""
    rows: list[Cells] = []
    for entry in compare_seeds(context):
        key = {"group": entry.group, "set": entry.set, "quantity": "efficiency_gap"}
        width, comparisons, chance = (
            SourcedValue(text.format(entry.spread[column]), entry.spread[column],
                   cite("spread", column, **key))
            for column, text in (("spread", "{:.3f}"), ("comparisons", "{}"), ("noise", "{:.3f}"))
        )  # fmt: skip
        rows.append(
            [[context.label(entry.set)], [context.label(entry.group)], [comparisons], [width],
             [chance], [context.versus(entry.seeds["name"])], [_number(entry.seeds, "sd")],
             [_number(entry.seeds, "noise")]]
        )  # fmt: skip
    columns = [
        "Set", "Group", "Comparisons", "Spread of ΔSE", "Problems and samples alone, up to",
        "Seeds of", "SD of ΔSE over seeds", "Seeds alone, up to",
    ]  # fmt: skip
    return HtmlTable(columns, rows, frozenset({0, 1, 5}))


def list_gaps(context: ReportContext) -> dict[str, list[DotRow]]:
    """Sampling efficiency gaps by set: of each seed, then of each comparison of the group."""
    rows: dict[str, list[DotRow]] = {}
    for entry in compare_seeds(context):
        comparisons = {
            name: context.analysis.comparisons[name]
            for name in context.analysis.groups[entry.group]
        }
        drawn = context.styles_of([comparison.candidate for comparison in comparisons.values()])
        style = drawn[comparisons[entry.seeds["name"]].candidate]
        repeated = entry.seeds["values"]
        label = f"{style.label}, {len(repeated)} seeds"
        gaps = [
            (row["efficiency_gap"], drawn[comparison.candidate].colour)
            for name, comparison in comparisons.items()
            if (row := context.row("efficiency", comparison=name, set=entry.set)) is not None
        ]
        here = rows.setdefault(entry.set, [])
        here.append(DotRow(label, repeated, [style.colour] * len(repeated), entry.seeds["mean"]))
        values, colours = [value for value, _ in gaps], [colour for _, colour in gaps]
        group = DotRow(context.label(entry.group), values, colours)
        if gaps and group not in here:
            here.append(group)
    return rows


def tabulate_values(context: ReportContext) -> HtmlTable:
    """Every quantity by seed, with its mean and standard deviation."""
    rows: list[Cells] = []
    for name in context.every_set:
        for row in sorted(context.rows("seeds", set=name), key=_order(context)):
            listed: list[Part] = []
            for value in row["values"]:
                text = format_decimal(value, signed=_signed(row))
                listed += [", ", SourcedValue(text, value, _source(row, "values"))]
            mean = format_interval("seeds", "mean", row, _key(row), signed=_signed(row))
            rows.append(
                [[context.label(name)], [_who(context, row)], [_what(row)],
                 [_number(row, "seeds")], listed[1:], mean, [_number(row, "sd")]]
            )  # fmt: skip
    columns = ["Set", "Of", "Quantity", "Seeds", "By seed", "Mean", "SD over seeds"]
    return HtmlTable(columns, rows, frozenset({0, 1, 2, 4}), folded="All values by seed")


def _order(context: ReportContext) -> Callable[[ResultRow], tuple[int, int, int]]:
    """Draws before comparisons, both as the parameters have them."""
    names = [*context.draws, *context.analysis.comparisons]

    def place(row: ResultRow) -> tuple[int, int, int]:
        return names.index(row["name"]), _QUANTITIES.index(row["quantity"]), row["k"]

    return place


def _who(context: ReportContext, row: ResultRow) -> str:
    name = row["name"]
    if row["quantity"] == "pass_at_k":
        return context.styles[name].label
    return context.versus(name)


def _what(row: ResultRow) -> str:
    k = row["k"]
    if row["quantity"] == "pass_at_k":
        return f"pass@{k}"
    return f"ΔSE, k = {k}" if row["quantity"] == "efficiency_gap" else f"difference, k = {k}"


def _signed(row: ResultRow) -> bool:
    return bool(row["quantity"] != "pass_at_k")


def _key(row: ResultRow) -> dict[str, object]:
    return {name: row[name] for name in ("name", "set", "quantity", "k")}


def _source(row: ResultRow, column: str) -> ValueSource:
    return cite("seeds", column, **_key(row))


def _number(row: ResultRow, column: str) -> SourcedValue:
    text = str(row[column]) if column == "seeds" else format_decimal(row[column])
    return SourcedValue(text, row[column], _source(row, column))


def _charts(context: ReportContext) -> Iterator[Chart]:
    """Gaps of one algorithm over seeds, beside those of all algorithms."""
    rows = list_gaps(context)
    if not rows:
        return
    every = [value for of_set in rows.values() for row in of_set for value in row.values]
    span = (min(every), max(every))
    sets = {name: context.label(name) for name in rows}
    yield Chart(
        "seeds",
        sets,
        {},
        lambda key: dot_plot.draw_dots(
            rows[key], PanelFrame(key, sets[key], context.size, span), "ΔSE"
        ),
        legend=False,
    )


SECTION = Section(
    title="Training seeds",
    caption=(
        "Models trained again with other seeds, each from a base model of its own seed, on the "
        "same problems. Dots: ΔSE of each seed with their mean, and of each algorithm at one "
        "seed. Means have {level} limits by Student's t over seeds, which of few seeds may pass 0 "
        "or 1. “Seeds alone”: a spread below which equal algorithms, each as noisy as the "
        "repeated one, stay in {level} of such studies (studentized range); with few seeds it is "
        "wide, because their standard deviation is itself uncertain. It errs on the wide side: "
        "the algorithms share one base model, the seeds do not."
    ),
    reads=("seeds", "spread", "efficiency", "pass_at_k"),
    charts=_charts,
    sentences=describe_seeds,
    tables=lambda context: [tabulate_spreads(context), tabulate_values(context)],
)
