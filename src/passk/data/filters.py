"""Filters of problem sets: each keeps rows by a Polars expression, and says why rows go.

A filter is a subclass of `ProblemFilter`: its options are its fields, its `kind` is its name. It is
listed here, or under the entry points `passk.filters` of an installed package.

Example:
    >>> from passk.data.problem_filters import FreeForm
    >>> frame = pl.DataFrame({"index": [0, 1], "choices": [None, ["1", "2"]]})
    >>> kept, table = apply_filters(frame, [FreeForm()])
    >>> kept["index"].to_list(), table["reason"].to_list()
    ([0], ['has answer choices'])
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from passk.core.parameters import ParameterSection
from passk.core.registry import Registry


class Rule(NamedTuple):
    """Rows to keep, and the reason for which others go."""

    keep: pl.Expr
    reason: str


class ProblemFilter(ParameterSection, ABC):
    """Which problems of a source stay.

    A subclass adds `kind: Literal["its_name"] = "its_name"`, and its options as fields.
    """

    kind: str

    @abstractmethod
    def rule(self) -> Rule:
        """What it keeps, as an expression over the problem table; null goes."""

    def check(self, problems: pl.DataFrame) -> None:
        """Raise ValueError where the options do not fit the problems; all do by default."""
        del problems


FILTERS: Registry[type[ProblemFilter]] = Registry(
    "filter",
    "passk.filters",
    {
        "free_form": "passk.data.problem_filters:FreeForm",
        "answer_type": "passk.data.problem_filters:AnswerType",
        "date_window": "passk.data.problem_filters:DateWindow",
        "tagged": "passk.data.problem_filters:Tagged",
        "untagged": "passk.data.problem_filters:Untagged",
        "drop": "passk.data.problem_filters:Drop",
        "image_present": "passk.data.problem_filters:ImagePresent",
        "first": "passk.data.problem_filters:First",
        "length": "passk.data.selection_filters:Length",
        "listed": "passk.data.selection_filters:Listed",
        "split": "passk.data.selection_filters:Split",
        "distinct": "passk.data.selection_filters:Distinct",
        "where": "passk.data.selection_filters:Where",
    },
)


def apply_filters(
    frame: pl.DataFrame, filters: Sequence[ProblemFilter]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Apply filters in order.

    Args:
        frame: problems.
        filters: what stays.

    Returns:
        The rows that stay, unchanged, and a table with a row per filter: order, filter, rows_in,
        rows_out, reason (why rows go).

    Raises:
        ValueError: a filter does not fit the problems, e.g. `drop` names one that is not there.
    """
    rows = []
    for order, chosen in enumerate(filters):
        chosen.check(frame)
        rule = chosen.rule()
        kept = frame.filter(rule.keep.fill_null(value=False))
        rows.append((order, chosen.kind, frame.height, kept.height, rule.reason))
        frame = kept
    columns = {
        "order": pl.Int64, "filter": pl.String, "rows_in": pl.Int64, "rows_out": pl.Int64,
        "reason": pl.String,
    }  # fmt: skip
    return frame, pl.DataFrame(rows, schema=columns, orient="row")
