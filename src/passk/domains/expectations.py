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

    def fault_columns(self, expectation: Expect) -> tuple[str, ...]:
        """Columns that say where in a row an expectation's fault lies."""
        return self.details.get(str(expectation.kwargs.get("column", "")), ())


FailingRow = Mapping[str, object]  # column -> value; the frame's key first


@dataclass(frozen=True, kw_only=True)
class ExpectationResult:
    """An expectation with what became of it.

    Attributes:
        name, frame, type, kwargs, remedy: as of the expectation.
        success: whether it holds.
        checked: rows that were looked at.
        failed: rows in which it does not hold.
        rows: the first of these, at most SHOWN, by their key.
    """

    name: str
    frame: str = ""
    type: str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    success: bool
    checked: int = 0
    failed: int = 0
    rows: Sequence[FailingRow] = ()
    remedy: str = ""


def expect_none(column: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect a column of fault counts to be 0 everywhere."""
    return expect_at_most(0, column, frame, name, remedy)


def expect_at_most(bound: float, column: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect a column of non-negative numbers not to exceed a bound."""
    kwargs = {"column": column, "min_value": 0, "max_value": bound}
    return Expect(name, frame, "expect_column_values_to_be_between", kwargs, remedy)


def expect_equal(first: str, second: str, frame: str, name: str, remedy: str = "") -> Expect:
    """Expect two columns to agree in every row."""
    kwargs = {"column_A": first, "column_B": second}
    return Expect(name, frame, "expect_column_pair_values_to_be_equal", kwargs, remedy)


def evaluate(
    frames: Mapping[str, Frame], expectations: Sequence[Expect]
) -> list[ExpectationResult]:
    """Judge the expectations of each frame.

    Args:
        frames: condensed tables by name.
        expectations: what must hold of them.
    """
    return [
        result
        for name, frame in frames.items()
        for result in _judge(name, frame, [e for e in expectations if e.frame == name])
    ]


def _judge(name: str, frame: Frame, expectations: Sequence[Expect]) -> list[ExpectationResult]:
    """Hand one frame and what is expected of it to Great Expectations."""
    if not expectations or frame.rows.is_empty():
        empty = {"element_count": 0}
        return [_summarize(expectation, frame, empty, True) for expectation in expectations]
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
    results = []
    for expectation in expectations:
        columns = [*frame.key, *frame.fault_columns(expectation)]
        configuration = ExpectationConfiguration(
            type=expectation.type, kwargs=dict(expectation.kwargs)
        )
        validated = batch.validate(
            configuration.to_domain_obj(),
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": columns,
            },
        )
        if validated.exception_info and validated.exception_info.get("raised_exception"):
            raise RuntimeError(f"{name}: {expectation.name}: {validated.exception_info}")
        results.append(_summarize(expectation, frame, validated.result, bool(validated.success)))
    return results


def _summarize(
    expectation: Expect, frame: Frame, details: Mapping[str, Any], success: bool
) -> ExpectationResult:
    """What is kept of Great Expectations' result: the same bytes for the same tables."""
    failing: list[FailingRow] = [
        {column: _to_plain(value) for column, value in row.items()}
        for row in details.get("unexpected_index_list") or ()
    ]
    failing.sort(key=lambda row: tuple(str(row.get(column)) for column in frame.key))
    return ExpectationResult(
        name=expectation.name,
        frame=expectation.frame,
        type=expectation.type,
        kwargs=dict(expectation.kwargs),
        success=success,
        checked=int(details.get("element_count", len(frame.rows))),
        failed=int(details.get("unexpected_count", 0)),
        rows=[_order_columns(row, frame) for row in failing[:SHOWN]],
        remedy=expectation.remedy,
    )


def _order_columns(row: FailingRow, frame: Frame) -> FailingRow:
    """A row with its key first, then what is wrong with it."""
    key = [column for column in frame.key if column in row]
    return {column: row[column] for column in [*key, *sorted(row.keys() - set(key))]}


def _to_plain(value: object) -> object:
    """A Python number or text of numpy's; NaN (pandas' null) becomes null."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value


def describe_failures(results: Sequence[ExpectationResult]) -> str:
    """What failed, in which rows, and what to do, for a person."""
    lines = []
    for result in results:
        if result.success:
            continue
        lines.append(f"  not so: {result.name} ({result.failed} of {result.checked})")
        for row in result.rows[:5]:
            lines.append("    " + ", ".join(f"{key}={value}" for key, value in row.items()))
        if result.failed > 5:
            lines.append(f"    and {result.failed - 5} more")
        if result.remedy:
            lines.append(f"    {result.remedy}")
    return "\n".join(lines)
