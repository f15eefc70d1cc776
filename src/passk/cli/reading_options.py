"""Options of every command that reads files of samples: formats, columns, conditions, stops."""

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from passk.core.legal import unknown
from passk.core.registry import UnknownNameError
from passk.core.rows import RecordedError
from passk.data.responses import MISSING_RULES
from passk.data.value_paths import PathError
from passk.logs.format import FORMATS
from passk.logs.imported import KINDS as COLUMNS
from passk.logs.reader import LogReading

# What a user can mend in files, or in what was said of them: the message says how.
READING_ERRORS = (RecordedError, PathError, UnknownNameError, OSError)

# Options of `passk import`, `compare` and `judge`, as annotations of their arguments.
As = Annotated[str | None, typer.Option("--as", help=f"Format of all files: {', '.join(FORMATS)}.")]
Column = Annotated[
    list[str] | None,
    typer.Option(help=f"KIND=PATH, where a value stands; kinds: {', '.join(COLUMNS)}."),
]
Where = Annotated[list[str] | None, typer.Option(help="PATH=VALUE: other rows are left out.")]
Stop = Annotated[list[str] | None, typer.Option(help="A string before which a response ends.")]
GradeFrom = Annotated[float | None, typer.Option(help="Recorded scores from here on are right.")]
ProblemsId = Annotated[
    str | None,
    typer.Option(help="The column of ids in --problems, where it has another name."),
]
Source = Annotated[
    str | None,
    typer.Option(help="The benchmark that --problems is, where its digest does not say."),
]
AnyDigest = Annotated[
    bool, typer.Option("--any-digest", help="Take --problems for --source, published or not.")
]
Problems = Annotated[
    Path | None, typer.Option(help="Questions and right answers, where samples lack them.")
]


def make_reading(
    as_: str | None,
    column: Sequence[str] | None,
    where: Sequence[str] | None,
    stop: Sequence[str] | None,
    grade_from: float | None,
) -> LogReading:
    """How files are read, by the options of a command line.

    Raises:
        RecordedError: an option that says nothing legal; it names the option.
    """
    chosen = columns(column or [], COLUMNS)
    if grade_from is not None and not math.isfinite(grade_from):
        raise RecordedError(f"--grade-from {grade_from}: expected a finite number")
    return LogReading(
        as_,
        {COLUMNS[kind]: path for kind, path in chosen.items()},
        dict(pairs(where or [], "--where")),
        unescape(stop or []),
        grade_from,
    )


def check_missing(rule: str | None) -> None:
    """Raise RecordedError for a rule about rows without a response that there is not."""
    if rule is not None:
        for fault in unknown("--missing", rule, MISSING_RULES, "rule"):
            raise RecordedError(fault)


def columns(given: Sequence[str], legal: Collection[str]) -> dict[str, str]:
    """KIND=PATH by kind.

    Raises:
        RecordedError: a kind that is not legal, or no path.
    """
    chosen = dict(pairs(given, "--column"))
    for kind, path in chosen.items():
        if not path:
            raise RecordedError(f"--column {kind}=: names no column; expected KIND=PATH")
        for fault in unknown("--column", kind, legal, "kind of column"):
            raise RecordedError(fault)
    return chosen


def pairs(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    """NAME=VALUE of an option that may be repeated.

    Raises:
        RecordedError: one is not of that form, or has another value for the same name.
    """
    known: dict[str, str] = {}
    for pair in given:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise RecordedError(f"{option} {pair!r}: expected NAME=VALUE")
        if known.setdefault(key, value) != value:
            raise RecordedError(f"{option}: {key} is {known[key]!r} and {value!r}; leave one out")
        yield key, value


def unescape(stops: Sequence[str]) -> list[str]:
    r"""Stop strings as a shell gives them: `\n` is the end of a line.

    Raises:
        RecordedError: an empty one, before which every response would end.
    """
    if "" in stops:
        raise RecordedError("--stop '': an empty string would leave nothing of any response")
    return [stop.replace(r"\n", "\n").replace(r"\t", "\t") for stop in stops]
