"""Which problems both models, one or neither solve: how many, and which these are."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from passk.analysis.questions.tracing import ResultRow
from passk.report.context import ReportContext
from passk.report.html.sourced_values import Part, SourcedValue, cite
from passk.report.html.tables import Cells, HtmlTable, TableCell
from passk.report.sections.section import PaperFigure, Section

CATEGORIES = ("both", "reference_only", "candidate_only", "neither")
SHORTEST = 3  # neighbouring indices that are written as a range


def _titles(context: ReportContext, trained: str) -> dict[str, str]:
    """What categories are called, where the second model of each comparison is so called."""
    roles = context.roles
    words = ("both", f"{roles.base} only", f"{trained or roles.trained} only", "neither")
    return dict(zip(CATEGORIES, words, strict=True))


def _headings(context: ReportContext, trained: str) -> list[str]:
    """The same as heads of columns; names stay as they are."""
    kept = CATEGORIES[1:3] if context.roles.named else ()
    return [
        title if category in kept else title[0].upper() + title[1:]
        for category, title in _titles(context, trained).items()
    ]


def tabulate_coverage(
    context: ReportContext, comparisons: Iterable[str], sets: Sequence[str], trained: str = ""
) -> HtmlTable:
    """Which problems both, one or neither solve, and which of those by more than luck."""
    comparisons, rows = list(comparisons), []
    for comparison, name, entries in context.by_comparison("coverage", comparisons, sets):
        row: Cells = [[context.versus(comparison)], [context.label(name)]]
        by_category = {r["category"]: r for r in entries}
        for category in CATEGORIES:
            entry = by_category.get(category)
            if entry is None:
                row.append(["–"])
                continue
            row.append(
                _category(entry, {"comparison": comparison, "set": name, "category": category})
            )
        entry = entries[0]
        key = {"comparison": comparison, "set": name, "category": entry["category"]}
        at = cite("coverage", "excluded", **key)
        rows.append([*row, [SourcedValue(str(entry["excluded"]), entry["excluded"], at)]])
    columns = ["Comparison", "Set", *_headings(context, trained), "Left out"]
    cells = context.by_comparison("coverage", comparisons, sets)
    if not any(entry["excluded"] for _, _, entries in cells for entry in entries):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return HtmlTable(columns, rows, frozenset(range(6)))


def _category(entry: ResultRow, key: Mapping[str, object]) -> TableCell:
    """How many problems, their share, and how many of them by more than luck."""

    def number(column: str, text: str) -> SourcedValue:
        return SourcedValue(text, entry[column], cite("coverage", column, **key))

    count, share = number("problems", str(entry["problems"])), number("share", _percent(entry))
    parts: list[Part] = [count, " (", share, ")"]
    if entry["certain"] is not None and entry["problems"]:
        parts += ["; ", number("certain", str(entry["certain"])), " by more than luck"]
    return parts


def _percent(entry: ResultRow) -> str:
    return f"{entry['share']:.1%}"


def tabulate_indices(
    context: ReportContext, comparisons: Iterable[str], sets: Sequence[str], trained: str = ""
) -> HtmlTable:
    """The problems of each category by their index, neighbours as ranges."""
    rows: list[Cells] = []
    for comparison, name, entries in context.by_comparison("coverage", comparisons, sets):
        for entry in sorted(entries, key=lambda row: CATEGORIES.index(row["category"])):
            listed = join_ranges(entry["indices"]) or "none"
            words = [
                context.versus(comparison),
                context.label(name),
                _titles(context, trained)[entry["category"]],
            ]
            rows.append([*([word] for word in words), [listed]])
    columns = ["Comparison", "Set", "Solved by", "Indices"]
    return HtmlTable(columns, rows, frozenset({0, 1, 2, 3}), folded="The problems by index")


def join_ranges(indices: Sequence[int]) -> str:
    """Ascending indices as a list in which three neighbours or more are a range.

    Example:
        >>> join_ranges([0, 1, 2, 3, 5, 7, 8, 10])
        '0–3, 5, 7, 8, 10'
    """
    breaks = [i + 1 for i, (left, right) in enumerate(pairwise(indices)) if right != left + 1]
    runs = [indices[i:j] for i, j in pairwise([0, *breaks, len(indices)])]
    words: list[str] = []
    for run in runs:
        long = len(run) >= SHORTEST
        words += [f"{run[0]}–{run[-1]}"] if long else [str(index) for index in run]
    return ", ".join(words)


def _tables(context: ReportContext) -> list[HtmlTable]:
    comparisons, sets = list(context.comparisons), context.set_names
    return [
        tabulate_coverage(context, comparisons, sets),
        tabulate_indices(context, comparisons, sets),
    ]


SECTION = Section(
    title="Which problems are solvable",
    caption=(
        "A problem is solvable if at least one of its n samples is correct. “By more than luck”: "
        "told apart by an exact test per problem, one-sided at {tail}, corrected over all "
        "problems of the set (Holm). Indices are positions in the set's source, neighbours "
        "written as ranges. “Left out”: problems known to be faulty, in no category."
    ),
    reads=("coverage", "pass_at_k"),
    paper=PaperFigure(
        where="Tables 4 and 5 (later version Table 2, Tables 5 and 6)",
        numbers=(
            "The paper's share of problems that RL alone solves: 0.0% on AIME24, 1.0% on MATH500."
        ),
    ),
    tables=_tables,
)
