"""Views: parts of sets, which every question meets as sets of their own.

A view's rows are those of its set with the view's name in the column `set`; nothing else differs,
so that a number of a view can be walked back to the same counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

EXCLUDED = {"set": pl.String(), "problem_id": pl.String()}
VIEWS = {"view": pl.String(), "set": pl.String(), "problem_id": pl.String()}


@dataclass(frozen=True)
class ViewMembers:
    """The set that a view is part of, and the ids of the problems that it holds."""

    set: str
    problems: Sequence[str]


def tabulate_views(views: Mapping[str, ViewMembers]) -> pl.DataFrame:
    """Rows `view, set, problem_id`.

    Example:
        >>> tabulate_views({"late": ViewMembers("all", ["a", "b"])}).rows()
        [('late', 'all', 'a'), ('late', 'all', 'b')]
    """
    rows = [
        (name, view.set, problem_id) for name, view in views.items() for problem_id in view.problems
    ]
    return pl.DataFrame(rows, schema=VIEWS, orient="row")


def tabulate_excluded(problems: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Rows `set, problem_id` of SET: [id, ...]."""
    rows = [(name, problem_id) for name, ids in problems.items() for problem_id in ids]
    return pl.DataFrame(rows, schema=EXCLUDED, orient="row")


def add_views(table: pl.DataFrame, views: pl.DataFrame) -> pl.DataFrame:
    """A table with columns `set, problem_id`, and below it the rows of every view.

    Example:
        >>> counts = pl.DataFrame({"set": ["all", "all"], "problem_id": ["a", "b"], "c": [3, 4]})
        >>> add_views(counts, tabulate_views({"late": ViewMembers("all", ["b"])})).rows()
        [('all', 'a', 3), ('all', 'b', 4), ('late', 'b', 4)]
    """
    part = table.join(views, on=["set", "problem_id"], how="inner", maintain_order="left")
    return pl.concat([table, part.with_columns(set="view").select(table.columns)])
