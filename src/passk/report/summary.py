"""The numbers of the page as documents: headlines for `dvc metrics`, all others, and curves."""

from collections.abc import Iterator, Mapping

import polars as pl

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.judging import judge_claims
from passk.report.claims.verdict import NOT_SUPPORTED, SUPPORTED, UNDECIDABLE, UNDECIDED
from passk.report.context import ReportContext, sort_rows
from passk.report.settings import Headline

Values = dict[str, float | int | None]  # by name
MOST = 20  # headline numbers of a study: more than that nobody reads
_OUTCOMES = {
    SUPPORTED: "supported",
    NOT_SUPPORTED: "not_supported",
    UNDECIDED: "undecided",
    UNDECIDABLE: "undecidable",
}


def summarize_headlines(
    context: ReportContext, headlines: Mapping[str, Headline]
) -> dict[str, Values]:
    """At most `MOST` numbers by headline, a row of `dvc metrics show` each, and claims by verdict.

    Args:
        context: of the report.
        headlines: the section `headline`; where it is empty the main comparisons stand for it, each
            on its first set, and where there is none the draws that have a curve.
    """
    summary: dict[str, Values] = {}
    outcomes = _count_outcomes(context)
    for name, values in _headlines(context, headlines):
        if sum(map(len, summary.values())) + len(values) + len(outcomes) <= MOST:
            summary[name] = values
    if outcomes:
        summary["claims"] = summary.get("claims", {}) | outcomes
    return summary


def _headlines(
    context: ReportContext, headlines: Mapping[str, Headline]
) -> Iterator[tuple[str, Values]]:
    """Each headline that has numbers."""
    entries = headlines or _main_comparisons(context)
    if not entries:
        for draw in context.curves:
            if values := _alone(context, draw):
                yield draw, values
    for name, headline in entries.items():
        if values := _compared(context, headline):
            yield name, values


def _main_comparisons(context: ReportContext) -> dict[str, Headline]:
    """The main comparisons as headlines, each on the first set of the page that it has."""
    first: dict[str, Headline] = {}
    for name, set_name, _ in context.comparisons_and_sets("difference"):
        draws = context.comparisons[name]
        headline = Headline(reference=draws.reference, candidate=draws.candidate, set=set_name)
        first.setdefault(name, headline)
    return first


def _compared(context: ReportContext, headline: Headline) -> Values:
    """Pass@k of both draws at the smallest and the largest k that both have, and the crossover."""
    roles = {"reference": headline.reference, "candidate": headline.candidate}
    points = {
        role: {row["k"]: row["pass_at_k"] for row in _points(context, draw, headline.set)}
        for role, draw in roles.items()
    }
    common = sorted(points["reference"].keys() & points["candidate"].keys())
    values: Values = {
        f"{role}_pass_at_{k}": points[role][k]
        for k in dict.fromkeys(common[:1] + common[-1:])
        for role in roles
    }
    for name, comparison in context.analysis.comparisons.items():
        if (comparison.reference, comparison.candidate) == tuple(roles.values()):
            crossing = context.row("crossover", comparison=name, set=headline.set)
            values |= {"crossover_k": crossing["crossover_k"]} if crossing else {}
    return values


def _alone(context: ReportContext, draw: str) -> Values:
    """Pass@k of a draw at both ends of its curve, on its first set."""
    for name in context.set_names:
        if ends := context.ends(draw, name):
            return {f"pass_at_{row['k']}": row["pass_at_k"] for row in ends}
    return {}


def _points(context: ReportContext, draw: str, set_name: str) -> list[ResultRow]:
    return context.rows("pass_at_k", draw=draw, set=set_name)


def _count_outcomes(context: ReportContext) -> Values:
    """How many verdicts on claims are of each kind; none where no claim is judged."""
    verdicts = [verdict.verdict for _, judged in judge_claims(context) for verdict in judged]
    return {name: verdicts.count(text) for text, name in _OUTCOMES.items()} if verdicts else {}


def collect_numbers(context: ReportContext) -> dict[str, dict[str, dict[str, Values]]]:
    """All of them, nested by draws and comparisons, then set; a crossover not found is null."""
    return {"draws": _by_draw(context), "comparisons": _by_comparison(context)}


def _by_draw(context: ReportContext) -> dict[str, dict[str, Values]]:
    """Per draw and set: pass@k at both ends and unsolved problems, or greedy accuracy."""
    draws: dict[str, dict[str, Values]] = {}
    for draw in context.draws:
        for name in context.every_set:
            values: Values = {f"pass_at_{r['k']}": r["pass_at_k"] for r in context.ends(draw, name)}
            if unsolved := context.row("histogram", draw=draw, set=name, bin=0):
                values["unsolved"] = unsolved["problems"]
            if greedy := context.row("greedy", draw=draw, set=name):
                values = {"greedy": greedy["accuracy"]}
            if values:
                draws.setdefault(draw, {})[name] = values
    return draws


def _by_comparison(context: ReportContext) -> dict[str, dict[str, Values]]:
    """Per comparison and set: differences at both ends, crossover, efficiency gap and more."""
    names, sets = context.analysis.comparisons, context.every_set
    numbers: dict[str, dict[str, Values]] = {name: {} for name in names}
    for name, set_name, rows in context.by_comparison("difference", names, sets):
        points = sort_rows(rows, "k")
        numbers[name][set_name] = {
            f"difference_at_{r['k']}": r["difference"] for r in points[:1] + points[-1:]
        }
    for name, set_name, rows in context.by_comparison("crossover", names, sets):
        crossing = {key: rows[0][key] for key in ("crossover_k", "p_none")}
        numbers[name].setdefault(set_name, {}).update(crossing)
    for name, set_name, rows in context.by_comparison("coverage", names, sets):
        shares = {row["category"]: row["share"] for row in rows}
        only = {"candidate_only_share": shares.get("candidate_only", 0.0)}
        numbers[name].setdefault(set_name, {}).update(only)
    for name, set_name, rows in context.by_comparison("efficiency", names, sets):
        gaps = {f"efficiency_gap_at_{row['k']}": row["efficiency_gap"] for row in rows}
        numbers[name].setdefault(set_name, {}).update(gaps)
    return numbers


def tabulate_curves(context: ReportContext) -> dict[str, pl.DataFrame]:
    """One table per draw and set, named `DRAW@SET`, with k, pass_at_k and its limits."""
    if "pass_at_k" not in context:
        return {}
    table = context.results["pass_at_k"].sort("draw", "set", "k")
    return {
        f"{draw}@{name}": rows.select("k", "pass_at_k", "low", "high")
        for (draw, name), rows in table.group_by("draw", "set", maintain_order=True)
        if draw in context.draws and name in context.every_set
    }
