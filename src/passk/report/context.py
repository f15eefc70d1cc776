"""The report context: result tables, validation results and the parameters behind them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from passk.analysis.questions.tracing import ResultRow
from passk.analysis.settings import Analysis, Comparison
from passk.data.expectations.results import FilterStep, SuiteResult
from passk.report.charts.series_style import SeriesStyle, style_series
from passk.report.entries import (
    ReportedArm,
    ReportedDraw,
    ReportedFineTuning,
    ReportedSet,
)
from passk.report.published import PublishedNumbers, read_published
from passk.report.reading import ReadSamples
from passk.report.roles import Roles
from passk.report.settings import ReportSettings


@dataclass(frozen=True)
class ReportContext:
    """Everything that the page shows; no file is read past this point.

    Attributes:
        params: the section `report`.
        analysis: the section `analysis`.
        results: result tables by question; a question without rows is left out.
        validation: result of each expectation suite by kind.
        examples: result tables `examples` by name.
        draws, sets, train, sft: entries of those sections.
        pretrain: names of models that are trained from scratch.
        published: numbers of others, to stand beside ours.
        reading: what was read of somebody else's files.
        roles: what the two draws of a comparison are called.
        traced: whether `passk explain` finds the rows behind numbers: in a study.
        finding_of_each: whether the finding speaks of every set, not of the first alone.
    """

    params: ReportSettings
    analysis: Analysis
    results: Mapping[str, pl.DataFrame]
    validation: Mapping[str, SuiteResult] = field(default_factory=dict)
    examples: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    draws: Mapping[str, ReportedDraw] = field(default_factory=dict)
    sets: Mapping[str, ReportedSet] = field(default_factory=dict)
    train: Mapping[str, ReportedArm] = field(default_factory=dict)
    sft: Mapping[str, ReportedFineTuning] = field(default_factory=dict)
    pretrain: Collection[str] = ()
    published: PublishedNumbers = field(default_factory=read_published)
    reading: ReadSamples = field(default_factory=ReadSamples)
    roles: Roles = field(default_factory=Roles)
    traced: bool = True
    finding_of_each: bool = False

    def __contains__(self, question: str) -> bool:
        return question in self.results and not self.results[question].is_empty()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a panel in inches."""
        return self.params.panel_width, self.params.panel_height

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """The main comparisons, the finding's first."""
        names = self.params.comparisons or list(self.analysis.comparisons)
        _check_names(names, self.analysis.comparisons, "report.comparisons")
        return {name: self.analysis.comparisons[name] for name in names}

    @cached_property
    def set_names(self) -> list[str]:
        """Sets to show, the finding's first: those that some draw samples, and their views."""
        _check_names(self.params.sets, self._drawn_sets, "report.sets")
        return list(self.params.sets or self._benchmarks(self._drawn_sets))

    def _benchmarks(self, names: Iterable[str]) -> list[str]:
        """The sets that say what models can do: without controls, which are shown if named."""
        views = self.analysis.views
        wholes = ((name, views[name].set if name in views else name) for name in names)
        return [name for name, whole in wholes if whole not in self.controls]

    @cached_property
    def controls(self) -> list[str]:
        """Sets that show each problem with the image of another."""
        return [name for name, entry in self.sets.items() if entry.shuffled]

    @cached_property
    def _drawn_sets(self) -> list[str]:
        """Every set that some draw samples, then the views."""
        drawn = dict.fromkeys(name for draw in self.draws for name in self.sampled(draw))
        return sorted(drawn, key=lambda name: name in self.analysis.views)

    def sampled(self, draw: str) -> list[str]:
        """Sets that a draw samples, and the views of them."""
        sets = self.draws[draw].sets
        views = self.analysis.views.items()
        return [*sets, *(name for name, view in views if view.set in sets)]

    def shared(self, comparisons: Iterable[str]) -> list[str]:
        """Sets and views that both draws of at least one of the comparisons sample, no controls."""
        common = dict.fromkeys(
            name
            for comparison in (self.analysis.comparisons[name] for name in comparisons)
            for name in self.sampled(comparison.reference)
            if name in self.sampled(comparison.candidate)
        )
        return self._benchmarks(common)

    @cached_property
    def curves(self) -> list[str]:
        """Draws with a pass@k curve: those compared, or all where there is no comparison."""
        if "pass_at_k" not in self:
            return []
        counted = set(self.results["pass_at_k"]["draw"])
        paired = dict.fromkeys(
            name
            for comparison in self.comparisons.values()
            for name in (comparison.reference, comparison.candidate)
        )
        return [name for name in paired or self.draws if name in counted]

    @cached_property
    def styles(self) -> dict[str, SeriesStyle]:
        """The style of each draw in the main figures, those shown first."""
        return self.styles_of(list(dict.fromkeys([*self.curves, *self.draws])))

    @property
    def curve_styles(self) -> dict[str, SeriesStyle]:
        """The styles of the draws with a curve."""
        return {draw: self.styles[draw] for draw in self.curves}

    def styles_of(self, draws: Sequence[str]) -> dict[str, SeriesStyle]:
        """Styles that tell these draws apart; colours that are set stay the same everywhere."""
        return style_series(self.params, {name: self.draws[name].model for name in draws})

    def panel(self, name: str) -> dict[str, Comparison]:
        """Comparisons of a section that compares, in order."""
        section = self.params.panels.get(name)
        comparisons = section.comparisons if section else []
        _check_names(comparisons, self.analysis.comparisons, f"report.panels.{name}.comparisons")
        return {comparison: self.analysis.comparisons[comparison] for comparison in comparisons}

    def panel_sets(self, name: str) -> list[str]:
        """Sets of a section that compares: its own, those of the page, or all that it can share."""
        section = self.params.panels.get(name)
        if section is None:
            return self.set_names
        if not section.sets:
            shared = self.shared(self.panel(name))
            return [name for name in self.set_names if name in shared] or shared
        _check_names(section.sets, self._drawn_sets, f"report.panels.{name}.sets")
        return section.sets

    @cached_property
    def every_set(self) -> list[str]:
        """Sets of any section, those of the page first; then those of claims on yet other sets."""
        others = [name for panel in self.params.panels for name in self.panel_sets(panel)]
        names = dict.fromkeys([*self.set_names, *others])
        subjects = dict.fromkeys(name for listed in self.subjects().values() for name in listed)
        for comparison in (name for name in subjects if name in self.analysis.comparisons):
            shared = self.shared([comparison])
            if not names.keys() & set(shared):
                names |= dict.fromkeys(shared)
        return list(names)

    def drawn(self, comparisons: Mapping[str, Comparison]) -> list[str]:
        """Draws of several comparisons that have a curve, in order."""
        if "pass_at_k" not in self:
            return []
        counted = set(self.results["pass_at_k"]["draw"])
        both = dict.fromkeys(
            name
            for comparison in comparisons.values()
            for name in (comparison.reference, comparison.candidate)
        )
        return [name for name in both if name in counted]

    def filtered(self, name: str) -> list[FilterStep]:
        """What each filter of a set was given and kept, in order, as the validation found it."""
        suite = self.validation.get("problems")
        return [step for step in suite.filters if step.set == name] if suite else []

    def subjects(self) -> dict[str, list[str]]:
        """Comparisons and groups to judge claims on, by role."""
        subjects: dict[str, list[str]] = {"rl": list(self.comparisons)}
        for role, names in self.params.claims.items():
            known = [*self.analysis.comparisons, *self.analysis.groups]
            _check_names(names, known, f"report.claims.{role}")
            subjects[role] = list(names)
        return subjects

    def counterpart(self, kind: str, name: str) -> str | None:
        """What stands for a draw or set in the paper's tables, where that is to be shown.

        Args:
            kind: a section whose draws stand in a table of the paper, or `sets`.
            name: of the draw or set.
        """
        counterparts = self.params.counterparts.get(kind, {})
        return counterparts.get(name) if self.params.paper else None

    def label(self, name: str) -> str:
        """What a set, comparison, arm or model is called."""
        return self.params.labels.get(name, name)

    def comparison_label(self, name: str, among: Mapping[str, Comparison]) -> str:
        """What a comparison is called among others: its own label; alone, those of its draws."""
        alone = self.versus(name)
        return self.params.labels.get(name, alone) if len(among) > 1 else alone

    def versus(self, name: str) -> str:
        """A comparison by the labels of its two draws; a group of comparisons by its own."""
        if name not in self.analysis.comparisons:
            return self.label(name)
        draws = self.analysis.comparisons[name]
        labels = (self.styles[draw].label for draw in (draws.candidate, draws.reference))
        return " against ".join(labels)

    def rows(self, question: str, **key: object) -> list[ResultRow]:
        """Rows of a result table with the given values."""
        if question not in self:
            return []
        column, value = next(iter(key.items()))
        rows = self._by(question, column).get(value, [])
        return [row for row in rows if all(row[name] == key[name] for name in key)]

    def _by(self, question: str, column: str) -> dict[object, list[ResultRow]]:
        """Rows of a result table by the value of one column; read once."""
        if (question, column) not in self._index:
            by_value: dict[object, list[ResultRow]] = {}
            for row in self.results[question].iter_rows(named=True):
                by_value.setdefault(row[column], []).append(row)
            self._index[question, column] = by_value
        return self._index[question, column]

    @cached_property
    def _index(self) -> dict[tuple[str, str], dict[object, list[ResultRow]]]:
        return {}

    def row(self, question: str, **key: object) -> ResultRow | None:
        """The row of a result table with the given key, or None."""
        return next(iter(self.rows(question, **key)), None)

    def select(
        self, question: str, names: Mapping[str, object], set_names: Sequence[str]
    ) -> tuple[dict[str, str], pl.DataFrame]:
        """The part of a result table that a chart shows.

        Args:
            question: whose table; it has a column `comparison` or `draw`.
            names: draws or comparisons to show.
            set_names: sets to show, in order.

        Returns:
            The label of each set that has rows, and these rows.
        """
        if question not in self or not names:
            return {}, pl.DataFrame()
        table = self.results[question]
        column = "comparison" if "comparison" in table.columns else "draw"
        rows = table.filter(pl.col(column).is_in(list(names)))
        present = set(rows["set"])
        sets = {name: self.label(name) for name in set_names if name in present}
        return sets, rows.filter(pl.col("set").is_in(list(sets)))

    def ends(self, draw: str, set_name: str) -> list[ResultRow]:
        """The pass@k rows of a draw on a set at the smallest and the largest k."""
        rows = sorted(self.rows("pass_at_k", draw=draw, set=set_name), key=lambda row: row["k"])
        return rows[:1] + rows[1:][-1:]

    def comparisons_and_sets(self, question: str) -> Iterator[tuple[str, str, list[ResultRow]]]:
        """Rows of a question by main comparison and set, in the order of the page."""
        yield from self.by_comparison(question, self.comparisons, self.set_names)

    def by_comparison(
        self, question: str, comparisons: Iterable[str], sets: Sequence[str]
    ) -> Iterator[tuple[str, str, list[ResultRow]]]:
        """Rows of a question by comparison and set, where there are any."""
        for comparison in comparisons:
            for name in sets:
                if rows := self.rows(question, comparison=comparison, set=name):
                    yield comparison, name, rows


def _check_names(names: Iterable[str], known: Iterable[str], parameter: str) -> None:
    """Raise ValueError for a name that the study does not have."""
    known = list(known)
    for name in names:
        if name not in known:
            legal = ", ".join(known) or "none"
            raise ValueError(f"{parameter}: {name!r} is not one of the study's; legal: {legal}")


def sort_rows(rows: Sequence[ResultRow], column: str) -> list[ResultRow]:
    """Rows by one column, ascending."""
    return sorted(rows, key=lambda row: row[column])
