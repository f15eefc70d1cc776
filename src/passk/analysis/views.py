"""Views: parts of sets, which every question meets as sets of their own.

A view's rows are those of its set with the view's name in the column `set`; nothing else differs,
so that a number of a view can be walked back to the same counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from passk.analysis.queries.inputs import EXCLUDED, VIEWS


def members(views: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """Rows `view, set, problem_id`.

    Args:
        views: NAME: {set: SET, problems: [id, ...]}.

    Example:
        >>> members({"late": {"set": "all", "problems": ["a", "b"]}}).rows()
        [('late', 'all', 'a'), ('late', 'all', 'b')]
    """
    rows = [(name, view["set"], one) for name, view in views.items() for one in view["problems"]]
    return pl.DataFrame(rows, schema=VIEWS, orient="row")


def excluded(problems: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Rows `set, problem_id` of SET: [id, ...]."""
    rows = [(name, one) for name, ids in problems.items() for one in ids]
    return pl.DataFrame(rows, schema=EXCLUDED, orient="row")


def with_views(table: pl.DataFrame, views: pl.DataFrame) -> pl.DataFrame:
    """A table with columns `set, problem_id`, and below it the rows of every view.

    Example:
        >>> counts = pl.DataFrame({"set": ["all", "all"], "problem_id": ["a", "b"], "c": [3, 4]})
        >>> with_views(counts, members({"late": {"set": "all", "problems": ["b"]}})).rows()
        [('all', 'a', 3), ('all', 'b', 4), ('late', 'b', 4)]
    """
    seen = table.join(views, on=["set", "problem_id"], how="inner", maintain_order="left")
    return pl.concat([table, seen.with_columns(set="view").select(table.columns)])
