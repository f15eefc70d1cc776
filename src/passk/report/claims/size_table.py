"""How many problems each verdict needs, as a table of the page."""

from passk.report.claims.judging import Judged
from passk.report.claims.sizes import POWER
from passk.report.context import ReportContext
from passk.report.html.tables import NONE, Cells, HtmlTable

CAPTION = (
    "“From”: with fewer problems not even the most favourable data come out supported. "
    f"“{POWER:.0%} power”: with so many they do in four of five studies, if what stands "
    "beside it is true; a dash: at no size, as the estimate lies on the other side. Reckoned "
    "from the widths of this study’s own intervals, which narrow with the square root of the "
    "problems. Training noise is not in it."
)


def tabulate_sizes(judged: Judged, context: ReportContext) -> HtmlTable:
    """A row for each cell of every claim whose rule says what it needs."""
    rows: list[Cells] = []
    for claim, verdicts in judged:
        for verdict in verdicts:
            if verdict.size is None or verdict.problems is None:
                continue
            power = verdict.size.power
            rows.append(
                [[f"{claim.number}. {verdict.part or claim.short}"],
                 [context.versus(verdict.subject)], [context.label(verdict.set)],
                 [f"{verdict.problems:,}"], [f"{verdict.size.least:,}"],
                 NONE if power is None else [f"{power:,}"], [verdict.size.assuming],
                 [verdict.verdict]]
            )  # fmt: skip
    columns = [
        "Claim", "Comparison", "Set", "Problems", "From", f"{POWER:.0%} power", "If", "Verdict",
    ]  # fmt: skip
    return HtmlTable(
        columns, rows, frozenset({0, 1, 2, 6, 7}), folded="How many problems a verdict needs",
        caption=CAPTION,
    )  # fmt: skip
