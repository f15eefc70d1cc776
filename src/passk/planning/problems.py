"""How many problems a set will have: counted where its table is there, else by the parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from passk.config import paths
from passk.config.schema import Study
from passk.data.filters import ProblemFilter
from passk.planning.priors import read_priors


@dataclass(frozen=True)
class ProblemCount:
    """Problems of a set; None where nothing says how many. `source`: where the number is from."""

    number: int | None
    source: str


def count_problems(study: Study, name: str, root: Path = Path()) -> ProblemCount:
    """Problems of a set or of a view of one.

    Args:
        study: the parameters.
        name: of the set or view.
        root: the study's folder.
    """
    view = study.analysis.views.get(name)
    entry = study.sets[view.set if view else name]
    filters = [*entry.filters, *(view.filters if view else ())]
    path = root / paths.problem_set(study.study, view.set if view else name)
    if path.exists():
        return _count(pl.read_parquet(path), view.filters if view else (), "its table")
    path = root / paths.problems(study.study, entry.problems)
    if path.exists():
        return _count(pl.read_parquet(path), filters, "problems that are there")
    if entry.problems in study.worlds:
        return _planned(study.worlds[entry.problems].size, "", filters, "worlds")
    if entry.problems in study.benchmarks:
        benchmark = study.benchmarks[entry.problems]
        known = benchmark.source or benchmark.path
        number = benchmark.described.problems
        if number is None:
            number = read_priors().problems.get(known, {}).get("")
        return _planned(number, known, filters, f"what is known of {known}")
    return ProblemCount(None, "imported samples are not read yet")


def source_of(study: Study, name: str) -> str | None:
    """The benchmark of a set or view, by its name in sources.yaml; None for others."""
    view = study.analysis.views.get(name)
    problems = study.sets[view.set if view else name].problems
    entry = study.benchmarks.get(problems)
    return None if entry is None else entry.source


def _count(frame: pl.DataFrame, filters: Sequence[ProblemFilter], words: str) -> ProblemCount:
    for chosen in filters:
        frame = frame.filter(chosen.rule().keep.fill_null(value=False))
    return ProblemCount(frame.height, words)


def _planned(
    number: int | None, known: str, filters: Sequence[ProblemFilter], words: str
) -> ProblemCount:
    """A source's problems after filters, as far as parameters and priors tell."""
    for chosen in filters:
        options = chosen.model_dump()
        if (counted := read_priors().problems.get(known, {}).get(chosen.kind)) is not None:
            number, words = counted, "the paper"
        elif chosen.kind == "first":
            number = options["rows"] if number is None else min(number, options["rows"])
        elif chosen.kind == "split" and options["part"] == "first":
            number = options["rows"]
        elif chosen.kind == "split":
            number = None if number is None else number - options["rows"]
        else:
            words = f"at most, before {chosen.kind}"
    return ProblemCount(number, words)
