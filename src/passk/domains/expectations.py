"""Expectations as data, judged by Great Expectations on small frames.

Great Expectations has no Polars source and is slow on long tables, so each suite first condenses
its tables to frames of at most a row per draw, set and problem, in Polars; an expectation is then
about a column of such a frame, and a failing row is named by the frame's key. A million samples
take seconds. Results hold no times, identities or absolute paths.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from passk.core.files import json_text

SHOWN = 20  # failing rows that a result names


@dataclass(frozen=True)
class Expect:
    """One expectation.

    Attributes:
        name: what must hold, as a sentence.
        frame: the frame it is about.
        type: Great Expectations' name, e.g. `expect_column_values_to_be_between`.
        kwargs: its arguments.
        remedy: what to do when it fails.
    """

    name: str
    frame: str
    type: str
    kwargs: Mapping[str, Any]
    remedy: str = ""


@dataclass(frozen=True)
class Frame:
    """A condensed table: rows sorted by key.

    Attributes:
        rows: the frame.
        key: columns that name a row.
        details: a checked column -> further columns that say where in the row the fault lies.
    """

    rows: pl.DataFrame
    key: tuple[str, ...]
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def none(column: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect a column of fault counts to be 0 everywhere."""
    return at_most(0, column, frame, name, remedy)


def at_most(bound: float, column: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect a column of non-negative numbers not to exceed a bound."""
    kwargs = {"column": column, "min_value": 0, "max_value": bound}
    return Expect(name, frame, "expect_column_values_to_be_between", kwargs, remedy)


def equal(first: str, second: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect two columns to agree in every row."""
    kwargs = {"column_A": first, "column_B": second}
    return Expect(name, frame, "expect_column_pair_values_to_be_equal", kwargs, remedy)


def evaluate(
    kind: str, frames: Mapping[str, Frame], expectations: Sequence[Expect]
) -> dict[str, Any]:
    """Judge a suite.

    Args:
        kind: problems, samples or verdicts.
        frames: condensed tables by name.
        expectations: what must hold of them.

    Returns:
        A deterministic document: `kind`, `success`, `frames` (rows per frame) and `expectations`,
        each with `name, frame, type, kwargs, success, checked, failed, rows, remedy`.
    """
    results = [
        outcome
        for name, frame in frames.items()
        for outcome in _judge(name, frame, [e for e in expectations if e.frame == name])
    ]
    return {
        "kind": kind,
        "success": all(result["success"] for result in results),
        "frames": {name: len(frame.rows) for name, frame in frames.items()},
        "expectations": results,
    }


def _judge(name: str, frame: Frame, expectations: Sequence[Expect]) -> list[dict[str, Any]]:
    """Hand one frame and what is expected of it to Great Expectations."""
    if not expectations or frame.rows.is_empty():
        return [_outcome(expect, frame, {"element_count": 0}, True) for expect in expectations]
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # Without pyarrow-backed types: Great Expectations knows numpy's.
    table = frame.rows.sort(frame.key).to_pandas()
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": table})
    outcomes = []
    for expect in expectations:
        columns = [*frame.key, *_details(expect, frame)]
        configuration = ExpectationConfiguration(type=expect.type, kwargs=dict(expect.kwargs))
        found = batch.validate(
            configuration.to_domain_obj(),
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": columns,
            },
        )
        if found.exception_info and found.exception_info.get("raised_exception"):
            raise RuntimeError(f"{name}: {expect.name}: {found.exception_info}")
        outcomes.append(_outcome(expect, frame, found.result, bool(found.success)))
    return outcomes


def _outcome(
    expect: Expect, frame: Frame, result: Mapping[str, Any], success: bool
) -> dict[str, Any]:
    """What is kept of a result: the same bytes for the same tables."""
    rows = sorted(
        ({key: _plain(value) for key, value in row.items()} for row in _failing(result)),
        key=lambda row: tuple(str(row.get(key)) for key in frame.key),
    )
    return {
        "name": expect.name,
        "frame": expect.frame,
        "type": expect.type,
        "kwargs": dict(expect.kwargs),
        "success": success,
        "checked": _plain(result.get("element_count", len(frame.rows))),
        "failed": _plain(result.get("unexpected_count", 0)),
        "rows": [_in_order(row, frame, expect) for row in rows[:SHOWN]],
        "remedy": expect.remedy,
    }


def _failing(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(result.get("unexpected_index_list") or ())


def _in_order(row: Mapping[str, Any], frame: Frame, expect: Expect) -> dict[str, Any]:
    """A row with its key first, then what is wrong with it."""
    first = [key for key in frame.key if key in row]
    return {key: row[key] for key in [*first, *sorted(row.keys() - set(first))]}


def _details(expect: Expect, frame: Frame) -> tuple[str, ...]:
    return frame.details.get(str(expect.kwargs.get("column", "")), ())


def _plain(value: object) -> object:
    """A Python number or text of numpy's; NaN (pandas' null) becomes null."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value


def text(result: Mapping[str, Any]) -> str:
    """A result as it is written."""
    return json_text(result)


def complaint(result: Mapping[str, Any]) -> str:
    """What failed, in which rows, and what to do, for a person."""
    lines = []
    for outcome in result["expectations"]:
        if outcome["success"]:
            continue
        lines.append(f"  not so: {outcome['name']} ({outcome['failed']} of {outcome['checked']})")
        for row in outcome["rows"][:5]:
            lines.append("    " + ", ".join(f"{key}={value}" for key, value in row.items()))
        if outcome["failed"] > 5:
            lines.append(f"    and {outcome['failed'] - 5} more")
        if outcome["remedy"]:
            lines.append(f"    {outcome['remedy']}")
    return "\n".join(lines)
