"""The draws behind a result row: its own, its pair's, or those of every pair of its group."""

from collections.abc import Iterable, Mapping
from typing import Any

from passk.config import paths
from passk.provenance.explain import ExplainError


def draws_of(row: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    """The draws that a result row is computed from; of training logs there are none.

    Args:
        row: a result row.
        params: the parameter file; of a group's pairs, those count that share the row's set.

    Raises:
        ExplainError: the pair or the group is no longer in the parameter file.
    """
    if row.get("draw"):
        return [str(row["draw"])]
    if row.get("draws"):
        return list(dict.fromkeys(map(str, row["draws"])))
    if row.get("pair"):
        return _draws_of_pair(str(row["pair"]), params)
    if row.get("group"):
        names = params["analysis"]["groups"].get(row["group"])
        if names is None:
            raise ExplainError(
                f"group {row['group']}: no longer in {paths.PARAMS}, analysis.groups"
            )
        pairs = [_draws_of_pair(name, params) for name in names]
        found = [pair for pair in pairs if _sample(pair, row.get("set"), params)]
        return list(dict.fromkeys(draw for pair in found for draw in pair))
    return []


def _draws_of_pair(name: str, params: Mapping[str, Any]) -> list[str]:
    pair = params["analysis"]["pairs"].get(name)
    if pair is None:
        raise ExplainError(f"pair {name}: no longer in {paths.PARAMS}, analysis.pairs")
    return [str(pair[role]) for role in ("base", "rl") if role in pair]


def _sample(draws: Iterable[str], name: str | None, params: Mapping[str, Any]) -> bool:
    """Whether all of several draws sample a set, or the set of a view."""
    view = params["analysis"].get("views", {}).get(name)
    name = name if view is None else view["set"]
    return all(name in (None, *params["draws"].get(draw, {}).get("sets", ())) for draw in draws)
