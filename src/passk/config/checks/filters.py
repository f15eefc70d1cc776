"""Sets and views that their filters certainly empty, as far as parameters tell.

Of a generated world it is known how many problems there are, of which levels and families, what
type their answers have, and that none has a date. A filter of another package may ask for what is
not known here, so nothing is said of a set that uses one.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from passk.config.schema import Study
from passk.core.schemas.problems import PROBLEMS
from passk.data import problem_filters
from passk.data.filters import ProblemFilter
from passk.data.problem_filters import Drop, First
from passk.domains.registry import DOMAINS
from passk.domains.world_settings import WorldSet
from passk.domains.worlds import WORLDS


def find_faults(study: Study) -> Iterator[str]:
    """Sets, and views of them, that no problem of a generated world can be in."""
    for name, entry in study.sets.items():
        yield from _empty(study, f"sets.{name}.filters", entry.problems, entry.filters)
    for name, view in study.analysis.views.items():
        if view.set in study.sets:
            entry = study.sets[view.set]
            chosen = [*entry.filters, *view.filters]
            yield from _empty(study, f"analysis.views.{name}.filters", entry.problems, chosen)


def count_at_most(study: Study, set_name: str) -> int | None:
    """How many problems a set can have; None where the parameters do not say."""
    entry = study.sets.get(set_name)
    if entry is None:
        return None
    limits = [chosen.rows for chosen in entry.filters if isinstance(chosen, First)]
    if entry.problems in study.worlds:
        limits.append(study.worlds[entry.problems].size)
    return min(limits, default=None)


def find_emptying_filter(
    frame: pl.DataFrame, filters: Sequence[ProblemFilter]
) -> ProblemFilter | None:
    """The first filter after which no problem is left; None: some are."""
    for chosen in filters:
        frame = frame.filter(chosen.rule().keep.fill_null(value=False))
        if frame.is_empty():
            return chosen
    return None


def describe_filter(chosen: ProblemFilter) -> str:
    """A filter as the file has it, on one line."""
    options = chosen.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
    return ", ".join([f"{{kind: {chosen.kind}", *(f"{k}: {v}" for k, v in options.items())]) + "}"


def _empty(study: Study, key: str, source: str, filters: Sequence[ProblemFilter]) -> Iterator[str]:
    if source not in study.worlds or not filters:
        return
    if any(type(chosen).__module__ != problem_filters.__name__ for chosen in filters):
        return
    size = study.worlds[source].size
    drops = [chosen for chosen in filters if isinstance(chosen, Drop)]
    for index in sorted(index for chosen in drops for index in chosen.indices if index >= size):
        yield (
            f"{key}: filter drop, indices: {index} is beyond worlds.{source}.size = {size}; "
            "remove it"
        )
    dropped = sum(len(chosen.indices) for chosen in drops)
    problems = _possible_problems(study.worlds[source], dropped)
    emptying = find_emptying_filter(problems, filters)
    if emptying is not None:
        yield (
            f"{key}: no problem of worlds.{source} is left after {describe_filter(emptying)}; "
            "loosen or remove it"
        )


def _possible_problems(settings: WorldSet, dropped: int) -> pl.DataFrame:
    """Rows for all kinds of problems that the world may make: places, each with each family.

    As many places as needed: one of each level is left when so many are dropped by name.
    """
    world = WORLDS[settings.world]
    size = min(settings.size, (dropped + 1) * len(settings.levels))
    problems = [
        (index, [family, f"level-{settings.levels[index % len(settings.levels)]}"])
        for index in range(size)
        for family in settings.families
    ]
    rows = pl.DataFrame(
        problems, schema={"index": pl.Int64(), "tags": pl.List(pl.String())}, orient="row"
    )
    image = "image" if DOMAINS[world.domain].has_images else None
    rows = rows.with_columns(
        problem_id=pl.lit(""),
        answer_type=pl.lit(world.answer_type),
        image=pl.lit(image, pl.String()),
    )
    absent = [name for name in PROBLEMS.columns if name not in rows.columns]
    return rows.with_columns(pl.lit(None, PROBLEMS.columns[name]).alias(name) for name in absent)
