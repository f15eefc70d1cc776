"""Published numbers, to stand beside ours: those of the paper, of packages, and of a study's own.

A table of them is a CSV file with the columns `model`, `set` and `pass_at_K` for some K, in points
(percent), empty where nothing is published. A column `read_off` may hold a word that stands before
the number, such as `about`; lines that begin with # are comments. A package brings one by an entry
point of the group `passk.published` that names its path; a study names files in
`report.published`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from passk.core.registry import Registry
from passk.core.tables import TableError
from passk.report.settings import STANDARD_PUBLISHED

PUBLISHED: Registry[Path] = Registry(
    "table of published numbers", "passk.published", {"yue2025": "passk.report.published:FILE"}
)
FILE = Path(__file__).parent / "published.csv"
_TEXTS = ("model", "set")


@dataclass(frozen=True)
class PublishedNumbers:
    """Rows `model, set, pass_at_K, ..., read_off`; shares, not points, null where there is none."""

    rows: pl.DataFrame

    def value(self, model: str | None, set_name: str | None, column: str) -> float | None:
        """The published number for a model and a set; None where there is none."""
        row = self._row(model, set_name)
        number = None if row is None else row.get(column)
        return None if number is None else float(number)

    def qualifier(self, model: str | None, set_name: str | None) -> str:
        """A word before the numbers for a model and a set, such as `about`; mostly empty."""
        row = self._row(model, set_name)
        return "" if row is None else row["read_off"] or ""

    def gap(self, reference: str | None, candidate: str | None, name: str | None) -> float | None:
        """The sampling efficiency gap pass@256(reference) - pass@1(candidate) on a set.

        Example:
            >>> round(read_published().gap("Qwen2.5-7B", "GRPO", "Omni-MATH-Test"), 3)
            0.44
        """
        many = self.value(reference, name, "pass_at_256")
        single = self.value(candidate, name, "pass_at_1")
        return None if many is None or single is None else many - single

    def _row(self, model: str | None, set_name: str | None) -> dict[str, Any] | None:
        """The first row for a model and a set: tables that share one agree in their numbers."""
        if model is None or set_name is None:
            return None
        rows = self.rows.filter(pl.col("model") == model, pl.col("set") == set_name)
        return None if rows.is_empty() else rows.row(0, named=True)


def read_published(names: Sequence[str] = STANDARD_PUBLISHED) -> PublishedNumbers:
    """The numbers of several tables, one below the other.

    Args:
        names: tables that packages bring, or CSV files by path.

    Raises:
        UnknownNameError: a name is neither.
        TableError: a file is missing, unreadable, or lacks a column.
    """
    empty = pl.DataFrame(schema=dict.fromkeys((*_TEXTS, "read_off"), pl.String))
    frames = [_read(find_file(name)) for name in names]
    return PublishedNumbers(pl.concat([empty, *frames], how="diagonal"))


def find_file(name: str) -> Path:
    """The CSV file of a table by its name or path.

    Raises:
        UnknownNameError: it is no path of a CSV file, and no table has that name.
    """
    return Path(name) if name.endswith(".csv") else PUBLISHED[name]


def _read(path: Path) -> pl.DataFrame:
    """One file as shares; see `read_published` for errors."""
    try:
        table = pl.read_csv(path, comment_prefix="#", infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise TableError(f"{path}: not a readable CSV file ({error})") from error
    numbers = [name for name in table.columns if name.startswith("pass_at_")]
    if missing := [name for name in _TEXTS if name not in table.columns]:
        raise TableError(f"{path}: no column {', '.join(missing)}; columns: {table.columns}")
    if not numbers:
        raise TableError(f"{path}: no column pass_at_K, such as pass_at_256")
    try:
        return table.with_columns(pl.col(numbers).cast(pl.Float64) / 100)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{path}: a number that is none ({error})") from error


def faults(names: Sequence[str], counterparts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What parameters say of published numbers that is not so, one message per place.

    Args:
        names: `report.published`.
        counterparts: `report.counterparts`.
    """
    try:
        table = read_published(names).rows
    except ValueError as error:
        yield f"report.published: {error}"
        return
    for kind, entries in counterparts.items():
        column = "set" if kind == "sets" else "model"
        legal = table[column].unique(maintain_order=True).to_list()
        yield from (
            f"report.counterparts.{kind}.{name} = {counterpart!r}: not in the tables of "
            f"report.published; legal: {', '.join(legal)}"
            for name, counterpart in entries.items()
            if counterpart not in legal
        )
