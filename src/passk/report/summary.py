"""The headline numbers as a document (`dvc metrics diff`) and the curves as rows (`dvc plots`)."""

from typing import Any

import polars as pl

from passk.report.context import ReportContext, ordered


def metrics(context: ReportContext) -> dict[str, Any]:
    """Numbers nested by draws and comparisons, then set; a crossover not found is null."""
    draws: dict[str, dict[str, Any]] = {}
    for draw in context.draws:
        for name in context.every_set:
            values = {f"pass_at_{r['k']}": r["pass_at_k"] for r in context.ends(draw, name)}
            if unsolved := context.row("histogram", draw=draw, set=name, bin=0):
                values["unsolved"] = unsolved["problems"]
            if greedy := context.row("greedy", draw=draw, set=name):
                values = {"greedy": greedy["accuracy"]}
            if values:
                draws.setdefault(draw, {})[name] = values
    return {"draws": draws, "comparisons": _comparisons(context)}


def _comparisons(context: ReportContext) -> dict[str, dict[str, dict[str, Any]]]:
    """Per comparison and set: differences at both ends, crossover, efficiency gap and more."""
    names = context.analysis.comparisons
    comparisons: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
    for comparison, name, rows in context.by_comparison("difference", names, context.every_set):
        points = ordered(rows, "k")
        comparisons[comparison][name] = {
            f"difference_at_{r['k']}": r["difference"] for r in points[:1] + points[-1:]
        }
    for comparison, name, rows in context.by_comparison("crossover", names, context.every_set):
        crossing = {key: rows[0][key] for key in ("crossover_k", "p_none")}
        comparisons[comparison].setdefault(name, {}).update(crossing)
    for comparison, name, rows in context.by_comparison("coverage", names, context.every_set):
        shares = {row["category"]: row["share"] for row in rows}
        comparisons[comparison].setdefault(name, {})["candidate_only_share"] = shares.get(
            "candidate_only", 0.0
        )
    for comparison, name, rows in context.by_comparison("efficiency", names, context.every_set):
        gaps = {f"efficiency_gap_at_{row['k']}": row["efficiency_gap"] for row in rows}
        comparisons[comparison].setdefault(name, {}).update(gaps)
    return comparisons


def curves(context: ReportContext) -> dict[str, pl.DataFrame]:
    """One table per draw and set, named `DRAW@SET`, with k, pass_at_k and its limits."""
    if "pass_at_k" not in context:
        return {}
    table = context.results["pass_at_k"].sort("draw", "set", "k")
    return {
        f"{draw}@{name}": rows.select("k", "pass_at_k", "low", "high")
        for (draw, name), rows in table.group_by("draw", "set", maintain_order=True)
        if draw in context.draws and name in context.every_set
    }
