"""At which k the base model overtakes the trained one, and how sure that is."""

from dataclasses import asdict

import polars as pl

from passk.analysis.queries.difference import bootstrap
from passk.analysis.queries.inputs import Inputs
from passk.analysis.statistics import crossover
from passk.core.schemas.results import CROSSOVER


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `crossover`, from the same resamples as `difference`."""
    rows = []
    for name, base, rl in inputs.compared():
        grid, difference = bootstrap(inputs, base, rl)
        if not grid:
            continue
        found = asdict(crossover(difference, grid, inputs.analysis.bootstrap.level))
        rows.append({"pair": name, "set": base.set, "crossover_k": found.pop("k"), **found})
    return pl.DataFrame(rows, schema=dict(CROSSOVER.columns))
