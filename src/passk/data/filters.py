"""Filters of problem sets: each keeps rows by a Polars expression, and says why rows go.

Example:
    >>> frame = pl.DataFrame({"index": [0, 1], "choices": [None, ["1", "2"]]})
    >>> kept, table = apply_filters(frame, [("free_form", {})])
    >>> kept["index"].to_list(), table["reason"].to_list()
    ([0], ['has answer choices'])
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl


class Rule(NamedTuple):
    """Rows to keep, and the reason for which others go."""

    keep: pl.Expr
    reason: str


def free_form() -> Rule:
    """Without answer choices: what multiple choice would let a model guess."""
    none = pl.col("choices").is_null() | (pl.col("choices").list.len() == 0)
    return Rule(none, "has answer choices")


def answer_type(types: Sequence[str]) -> Rule:
    """Answers of the given types."""
    return Rule(pl.col("answer_type").is_in(list(types)), f"answer is not {' or '.join(types)}")


def date_window(first: datetime.date | None, last: datetime.date | None) -> Rule:
    """Published between two days, both included; a problem without a date goes."""
    date = pl.col("date").str.to_date("%Y-%m-%d")
    inside = date.is_not_null()
    if first is not None:
        inside &= date >= first
    if last is not None:
        inside &= date <= last
    return Rule(inside, f"not dated within {first or 'any time'} to {last or 'any time'}")


def tagged(tags: Sequence[str]) -> Rule:
    """Carrying at least one of the tags."""
    carried = pl.col("tags").list.set_intersection(list(tags)).list.len() > 0
    return Rule(carried, f"not tagged {' or '.join(tags)}")


def untagged(tags: Sequence[str]) -> Rule:
    """Carrying none of the tags."""
    carried = pl.col("tags").list.set_intersection(list(tags)).list.len() > 0
    return Rule(~carried.fill_null(value=False), f"tagged {' or '.join(tags)}")


def drop(problem_ids: Sequence[str], indices: Sequence[int]) -> Rule:
    """Not named by id or by index."""
    named = pl.col("problem_id").is_in(list(problem_ids)) | pl.col("index").is_in(list(indices))
    return Rule(~named, "dropped by name")


def image_present() -> Rule:
    """With a picture."""
    return Rule(pl.col("image").is_not_null(), "has no picture")


def first(rows: int) -> Rule:
    """The first so many of those that are left."""
    return Rule(pl.int_range(pl.len()) < rows, f"beyond the first {rows}")


FILTERS: Mapping[str, Callable[..., Rule]] = MappingProxyType(
    {
        "free_form": free_form,
        "answer_type": answer_type,
        "date_window": date_window,
        "tagged": tagged,
        "untagged": untagged,
        "drop": drop,
        "image_present": image_present,
        "first": first,
    }
)


def apply_filters(
    frame: pl.DataFrame, filters: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Apply filters in order.

    Args:
        frame: problems.
        filters: (name in FILTERS, its options) in order.

    Returns:
        The rows that stay, unchanged, and a table with a row per filter: order, filter, rows_in,
        rows_out, reason (why rows go).

    Raises:
        ValueError: `drop` names a problem that the source does not have.
    """
    rows = []
    for order, (name, options) in enumerate(filters):
        rule = FILTERS[name](**options)
        if name == "drop":
            _check_named(frame, options)
        kept = frame.filter(rule.keep.fill_null(value=False))
        rows.append((order, name, frame.height, kept.height, rule.reason))
        frame = kept
    columns = {
        "order": pl.Int64, "filter": pl.String, "rows_in": pl.Int64, "rows_out": pl.Int64,
        "reason": pl.String,
    }  # fmt: skip
    return frame, pl.DataFrame(rows, schema=columns, orient="row")


def _check_named(frame: pl.DataFrame, options: Mapping[str, Any]) -> None:
    """A name that drops nothing is a mistake: say so."""
    for column, option in (("problem_id", "problem_ids"), ("index", "indices")):
        if strange := sorted(set(options[option]) - set(frame[column])):
            raise ValueError(f"filter drop, {option}: no such problem {strange}; remove them")
