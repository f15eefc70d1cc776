"""What a result row rests on: the draws whose counts, and the arms whose logs, it was made from.

`passk explain` walks a number back from here. Each question names the function that suits its
rows; a function gets the row and what the parameters say of comparisons.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ResultRow = Mapping[str, Any]  # column -> value, of any result table


class UncomparedError(LookupError):
    """A row names a comparison or a group of them that the parameters no longer have.

    Attributes:
        kind: `comparison` or `group`, as the parameters call them.
        name: the name.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name}: no longer compared")
        self.kind, self.name = kind, name


@dataclass(frozen=True)
class RowSources:
    """What one result row rests on; of both there may be none."""

    draws: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComparedDraws:
    """What the parameters say of comparisons.

    Attributes:
        comparisons: name -> reference draw, candidate draw.
        groups: name -> names of comparisons.
        sampled: draw -> the sets that it samples, views included.
    """

    comparisons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sampled: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def draws_of(self, comparison: str) -> tuple[str, ...]:
        """The draws of a comparison.

        Raises:
            UncomparedError: there is none of that name.
        """
        if comparison not in self.comparisons:
            raise UncomparedError("comparison", comparison)
        return self.comparisons[comparison]

    def all_sample(self, draws: Iterable[str], set_name: str) -> bool:
        """Whether each of several draws samples a set."""
        return all(set_name in self.sampled.get(draw, ()) for draw in draws)


Tracing = Callable[[ResultRow, ComparedDraws], RowSources]


def trace_draw(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row of one draw, named in the column `draw`."""
    return RowSources((str(row["draw"]),))


def trace_listed_draws(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row that lists its draws in the column `draws`."""
    return RowSources(tuple(dict.fromkeys(map(str, row["draws"]))))


def trace_comparison(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row of one comparison, named in the column `comparison`."""
    return RowSources(compared.draws_of(str(row["comparison"])))


def trace_group(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row of a group of comparisons on a set: of them, those whose draws all sample the set."""
    names = compared.groups.get(str(row["group"]))
    if names is None:
        raise UncomparedError("group", str(row["group"]))
    members = [compared.draws_of(name) for name in names]
    shared = [draws for draws in members if compared.all_sample(draws, str(row["set"]))]
    return RowSources(tuple(dict.fromkeys(draw for draws in shared for draw in draws)))


def trace_arm(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row of a training log, of the arm in the column `arm`; it rests on no draw."""
    return RowSources(arms=(str(row["arm"]),))


def trace_nothing(row: ResultRow, compared: ComparedDraws) -> RowSources:
    """A row that rests on problems alone."""
    return RowSources()
