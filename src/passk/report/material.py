"""What a report is made of: result tables, validation results and the parameters behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from passk.params.analysis import Analysis, Pair
from passk.params.report import Report
from passk.report.looks import Look, looks


@dataclass(frozen=True)
class Material:
    """Everything that the page shows; no file is read past this point.

    Attributes:
        params: the section `report`.
        analysis: the section `analysis`.
        results: result tables by question; a question without rows is left out.
        validation: result of each expectation suite by kind.
        draws, sets, train, pretrain: those sections, as in the parameter file.
    """

    params: Report
    analysis: Analysis
    results: Mapping[str, pl.DataFrame]
    validation: Mapping[str, Any] = field(default_factory=dict)
    draws: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    train: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pretrain: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __contains__(self, question: str) -> bool:
        return question in self.results and not self.results[question].is_empty()

    @cached_property
    def pairs(self) -> dict[str, Pair]:
        """Pairs to show, the finding's first."""
        names = self.params.pairs or list(self.analysis.pairs)
        _legal(names, self.analysis.pairs, "report.pairs")
        return {name: self.analysis.pairs[name] for name in names}

    @cached_property
    def set_names(self) -> list[str]:
        """Sets to show, the finding's first: those that some draw samples."""
        drawn = dict.fromkeys(name for draw in self.draws.values() for name in draw["sets"])
        _legal(self.params.sets, drawn, "report.sets")
        return list(self.params.sets or drawn)

    @cached_property
    def curves(self) -> list[str]:
        """Draws with a pass@k curve: those of the pairs shown, or all where there is no pair."""
        if "pass_at_k" not in self:
            return []
        found = set(self.results["pass_at_k"]["draw"])
        paired = dict.fromkeys(
            name for pair in self.pairs.values() for name in (pair.base, pair.rl)
        )
        return [name for name in paired or self.draws if name in found]

    @cached_property
    def looks(self) -> dict[str, Look]:
        """The look of each draw, those shown first."""
        ordered = dict.fromkeys([*self.curves, *self.draws])
        return looks(self.params, {name: str(self.draws[name]["model"]) for name in ordered})

    @cached_property
    def arms(self) -> dict[str, Look]:
        """The look of each training arm."""
        return looks(self.params, {name: name for name in self.train})

    def label(self, name: str) -> str:
        """What a set, pair, arm or model is called."""
        return self.params.labels.get(name, name)

    def pair_label(self, name: str) -> str:
        """What a pair is called: its own label, or those of its draws."""
        pair = self.pairs[name]
        versus = f"{self.looks[pair.rl].label} against {self.looks[pair.base].label}"
        return self.params.labels.get(name, versus) if len(self.pairs) > 1 else versus

    def rows(self, question: str, **key: object) -> list[dict[str, Any]]:
        """Rows of a result table with the given values."""
        if question not in self:
            return []
        frame = self.results[question]
        for column, value in key.items():
            frame = frame.filter(pl.col(column) == value)
        return list(frame.iter_rows(named=True))

    def row(self, question: str, **key: object) -> dict[str, Any] | None:
        """The row of a result table with the given key, or None."""
        return next(iter(self.rows(question, **key)), None)

    def ends(self, draw: str, set_name: str) -> list[dict[str, Any]]:
        """The pass@k rows of a draw on a set at the smallest and the largest k."""
        rows = sorted(self.rows("pass_at_k", draw=draw, set=set_name), key=lambda row: row["k"])
        return rows[:1] + rows[1:][-1:]

    def pairs_and_sets(self, question: str) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
        """Rows of a question by pair and set, in the order of the page, where there are any."""
        for pair in self.pairs:
            for name in self.set_names:
                if rows := self.rows(question, pair=pair, set=name):
                    yield pair, name, rows


def _legal(names: Iterable[str], known: Iterable[str], place: str) -> None:
    """Raise ValueError for a name that the study does not have."""
    known = list(known)
    for name in names:
        if name not in known:
            legal = ", ".join(known) or "none"
            raise ValueError(f"{place}: {name!r} is not one of the study's; legal: {legal}")


def ordered(rows: Sequence[Mapping[str, Any]], column: str) -> list[Mapping[str, Any]]:
    """Rows by one column, ascending."""
    return sorted(rows, key=lambda row: row[column])
