"""The headline numbers as a document (`dvc metrics diff`) and the curves as rows (`dvc plots`)."""

from typing import Any

import polars as pl

from passk.report.context import ReportContext, ordered


def metrics(context: ReportContext) -> dict[str, Any]:
    """Headline numbers, nested by draws and pairs, then set; a crossover not found is null."""
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
    return {"draws": draws, "pairs": _pairs(context)}


def _pairs(context: ReportContext) -> dict[str, dict[str, dict[str, Any]]]:
    """Per pair and set: differences at both ends, crossover, RL-only share, efficiency gap."""
    names = context.analysis.comparisons
    pairs: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
    for pair, name, rows in context.by_pair("difference", names, context.every_set):
        points = ordered(rows, "k")
        pairs[pair][name] = {
            f"difference_at_{r['k']}": r["difference"] for r in points[:1] + points[-1:]
        }
    for pair, name, rows in context.by_pair("crossover", names, context.every_set):
        crossing = {key: rows[0][key] for key in ("crossover_k", "p_none")}
        pairs[pair].setdefault(name, {}).update(crossing)
    for pair, name, rows in context.by_pair("coverage", names, context.every_set):
        shares = {row["category"]: row["share"] for row in rows}
        pairs[pair].setdefault(name, {})["rl_only_share"] = shares.get("rl_only", 0.0)
    for pair, name, rows in context.by_pair("efficiency", names, context.every_set):
        gaps = {f"dse_at_{row['k']}": row["dse"] for row in rows}
        pairs[pair].setdefault(name, {}).update(gaps)
    return pairs


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
