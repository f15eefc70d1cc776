"""What training with other seeds gives: the noise that no number of problems or samples shows.

The names say what repeats what (`passk.models.naming`): draws NAME and NAME-s1 of models ARM and
ARM-s1 at one step and temperature, and pairs NAME and NAME-s1 of such draws. A model without a
seed in its name has seed 0.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from passk.analysis.database import query
from passk.analysis.queries.inputs import Inputs
from passk.analysis.queries.pass_at_k import curves
from passk.analysis.repetitions import mean_interval, studentized_range
from passk.core.schemas.results import SEEDS
from passk.models.naming import parse

SQL = Path(__file__).parent / "seeds.sql"
_DRAWS = {"draw": pl.String, "stem": pl.String, "train_seed": pl.Int64}
_PAIRS = {"pair": pl.String, "stem": pl.String, "base": pl.String, "rl": pl.String}


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `seeds`: a row per quantity of a draw or pair that has two seeds or more.

    pass@1 and pass@k of draws, RL - base at 1 and k and the sampling efficiency gap of pairs, with
    k = `efficiency_k`; a k above a draw's n gives no row.

    Raises:
        ValueError: two draws or pairs have one seed, or repetitions have different problems.
    """
    k = inputs.analysis.efficiency_k
    models = {draw: parse(cell.model) for (draw, _), cell in inputs.cells.items()}
    draws = [(draw, _stem(draw), model.train_seed or 0) for draw, model in models.items()]
    compared = list(dict.fromkeys(name for name, _, _ in inputs.compared()))
    both = [(name, inputs.analysis.pairs[name]) for name in compared]
    pairs = [(name, _stem(name), pair.base, pair.rl) for name, pair in both]
    found = query(
        SQL,
        {
            "curves": curves(inputs.counts, sorted({1, k})),
            "draws": pl.DataFrame(draws, schema=_DRAWS, orient="row"),
            "pairs": pl.DataFrame(pairs, schema=_PAIRS, orient="row"),
        },
        {"k": k},
    )
    rows = []
    for row in found.iter_rows(named=True):
        _distinct(row)
        _same_problems(inputs, row)
        low, high = mean_interval(row["values"], inputs.analysis.bootstrap.level)
        rows.append(row | {"low": low, "high": high, "noise": _noise(inputs, row)})
    return pl.DataFrame(rows, schema=dict(SEEDS.columns))


def _stem(name: str) -> str:
    """The name of a draw or pair without its seed."""
    return parse(name).arm


def _noise(inputs: Inputs, row: Mapping[str, Any]) -> float | None:
    """The spread of its group's gaps, were the pairs equal and each as noisy as this one."""
    if row["quantity"] != "dse":
        return None
    sizes = [
        sum(pair in names and base.set == row["set"] for pair, base, _ in inputs.compared())
        for names in inputs.analysis.groups.values()
        if row["name"] in names
    ]
    size = max(sizes, default=0)  # of several groups the largest
    if size < 2:
        return None
    level = inputs.analysis.bootstrap.level
    return float(row["sd"] * studentized_range(size, row["seeds"] - 1, level))


def _distinct(row: Mapping[str, Any]) -> None:
    """Refuse to count one seed twice."""
    if len(set(row["train_seeds"])) < len(row["train_seeds"]):
        raise ValueError(
            f"seeds of {row['name']!r}: the models of draws {', '.join(row['draws'])} "
            f"have the training seeds {row['train_seeds']}, one of them twice; name draws and "
            "pairs by their seed, NAME and NAME-s1, and draws of another kind otherwise"
        )


def _same_problems(inputs: Inputs, row: Mapping[str, Any]) -> None:
    """Refuse repetitions on other problems: their values would differ for that alone."""
    first, *others = (inputs.cells[draw, row["set"]] for draw in row["draws"])
    for other in others:
        if different := set(first.problem_ids) ^ set(other.problem_ids):
            raise ValueError(
                f"seeds of {row['name']!r}: draws {first.draw!r} and {other.draw!r} have different "
                f"problems in set {row['set']!r}, e.g. {min(different)}; count both again"
            )
