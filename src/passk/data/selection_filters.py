"""Filters that select by length, by a list, by a seeded split, by repetition, by a predicate.

A list of problems and a predicate may stand in a file of the study's own, named by its path; the
stages of a set that names a file run again where its bytes change.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from passk.core.digests import digest
from passk.core.parameters import DistinctNames, NotEmpty, Seed, refuse_repeats
from passk.core.schemas.problems import PROBLEMS
from passk.data.filters import ProblemFilter, Rule

_SHOWN = 5  # names of a list that a message shows
_HIDDEN = "image_bytes"  # no text, and large: a predicate does not see it


class Length(ProblemFilter):
    """Keep problems whose text is of some length."""

    kind: Literal["length"] = "length"
    of: Literal["question", "answer", "starter_code"] = Field(
        default="question", description="The text that is measured."
    )
    unit: Literal["characters", "words"] = Field(
        default="characters", description="What is counted; words are what blanks separate."
    )
    least: NonNegativeInt = Field(default=0, description="Shortest length that stays.")
    most: PositiveInt | None = Field(default=None, description="Longest; null is no bound.")

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.most is None and not self.least:
            raise ValueError("least is 0 and most is null: nothing is bounded; give one of them")
        if self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least} is above most {self.most}: nothing is between")
        return self

    def rule(self) -> Rule:
        """Within both bounds; a problem without that text goes."""
        text = pl.col(self.of)
        length = (
            text.str.len_chars()
            if self.unit == "characters"
            else text.str.extract_all(r"\S+").list.len()
        )
        inside = length >= self.least
        if self.most is not None:
            inside &= length <= self.most
        most = "" if self.most is None else f"at most {self.most}"
        bounds = " and ".join(filter(None, [f"at least {self.least}" * (self.least > 0), most]))
        return Rule(inside, f"{self.of} does not have {bounds} {self.unit}")


class Listed(ProblemFilter):
    """Keep the problems of a list, in the order of their source."""

    kind: Literal["listed"] = "listed"
    names: DistinctNames = Field(
        default_factory=list, description="What the benchmark calls them, or problem ids."
    )
    indices: Annotated[list[NonNegativeInt], AfterValidator(refuse_repeats)] = Field(
        default_factory=list, description="Indices in their source."
    )
    file: NotEmpty | None = Field(
        default=None,
        description="Text file with a name or problem id a line; blank lines, and what follows "
        "`#`, count for nothing.",
    )

    @model_validator(mode="after")
    def _names_problems(self) -> Self:
        if not self.names and not self.indices and self.file is None:
            raise ValueError("names no problem; give names, indices or a file")
        return self

    def _every_name(self) -> list[str]:
        listed = () if self.file is None else _read_list(Path(self.file))
        return list(dict.fromkeys([*self.names, *listed]))

    def rule(self) -> Rule:
        """Named by name, id or index."""
        names = self._every_name()
        named = pl.col("problem_id").is_in(names) | pl.col("index").is_in(self.indices)
        where = f" in {self.file}" if self.file else ""
        return Rule(named | _own_name().is_in(names), f"not listed{where}")

    def check(self, problems: pl.DataFrame) -> None:
        """A name that keeps nothing is a mistake: raise ValueError."""
        own = problems.select(_own_name()).to_series()
        absent = sorted(set(self._every_name()) - {*problems["problem_id"], *own})
        beyond = sorted(set(self.indices) - set(problems["index"]))
        for option, missing in (("names", absent), ("indices", beyond)):
            if missing:
                raise ValueError(
                    f"filter listed, {option}: no such problem {missing[:_SHOWN]}"
                    f"{f' and {len(missing) - _SHOWN} more' if len(missing) > _SHOWN else ''}; "
                    "remove them, or correct the list"
                )


def _own_name() -> pl.Expr:
    """What a benchmark calls a problem: behind its title in the column `source`."""
    return pl.col("source").str.replace(r"^.*?: ", "")


def _read_list(path: Path) -> Iterator[str]:
    for line in _read(path, "listed").splitlines():
        if name := re.sub(r"(^|\s)#.*", "", line).strip():
            yield name


def _read(path: Path, kind: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"filter {kind}, file: {path} is not readable ({error})") from error


class Split(ProblemFilter):
    """Keep one part of a seeded split: of 2,821 problems 2,000 to train on, or the other 821.

    Problems are ordered by a digest of seed and problem id, so that the split depends on neither
    the order of a file nor on what other filters left out before, but for their number. Problems
    that ask the same are in one part, but where the boundary falls between them.
    """

    kind: Literal["split"] = "split"
    rows: PositiveInt = Field(description="Problems of the first part.")
    part: Literal["first", "rest"] = Field(description="Which part stays.")
    seed: Seed = Field(default=0, description="Another seed is another split.")

    def rule(self) -> Rule:
        """The problems of a part."""
        order = pl.col("problem_id").map_batches(self._rank, return_dtype=pl.Int64)
        first = order < self.rows
        return Rule(
            first if self.part == "first" else ~first,
            f"in the {'rest' if self.part == 'first' else 'first part'} of the split at "
            f"{self.rows}, seed {self.seed}",
        )

    def check(self, problems: pl.DataFrame) -> None:
        """Both parts must hold something."""
        if problems.height <= self.rows:
            raise ValueError(
                f"filter split, rows: {self.rows} of {problems.height} problems leave no rest; "
                f"legal: below {problems.height}"
            )

    def _rank(self, ids: pl.Series) -> pl.Series:
        marks = [digest("split", self.seed, name) for name in ids]
        ranks = dict.fromkeys(range(len(marks)), 0)
        for rank, place in enumerate(sorted(ranks, key=lambda place: (marks[place], place))):
            ranks[place] = rank
        return pl.Series(list(ranks.values()), dtype=pl.Int64)


class Distinct(ProblemFilter):
    """Keep the first of problems that ask the same; some benchmarks ask twice."""

    kind: Literal["distinct"] = "distinct"

    def rule(self) -> Rule:
        """The first of each problem id."""
        return Rule(pl.col("problem_id").is_first_distinct(), "asks what an earlier problem asks")


class Where(ProblemFilter):
    """Keep problems for which a predicate holds: SQL over the columns of the problem table."""

    kind: Literal["where"] = "where"
    sql: NotEmpty | None = Field(
        default=None,
        description='A predicate as of a WHERE clause, e.g. "length(question) < 900 AND '
        "source LIKE '%HMMT%'\"; columns: those of the problem table (index, question, answer, "
        "answer_type, choices, starter_code, date, source, tags and others). It reads nothing "
        "else, and null counts as false.",
    )
    file: NotEmpty | None = Field(
        default=None, description="A file with such a predicate; in place of `sql`."
    )
    reason: NotEmpty | None = Field(
        default=None, description="Why others go, as the filter table says it; null: the predicate."
    )

    @model_validator(mode="after")
    def _one_predicate(self) -> Self:
        if (self.sql is None) == (self.file is None):
            raise ValueError("needs either sql or file")
        if self.sql is not None:
            _parse(self.sql)
        return self

    def _predicate(self) -> str:
        return self.sql if self.file is None else _read(Path(self.file), "where").strip()  # type: ignore[return-value]

    def rule(self) -> Rule:
        """What the predicate says."""
        sql = self._predicate()
        words = f"not ({' '.join(sql.split())})"
        return Rule(_parse(sql), self.reason or words)

    def check(self, problems: pl.DataFrame) -> None:
        """The predicate must fit the table: raise ValueError."""
        try:
            kept = problems.drop(_HIDDEN, strict=False).select(_parse(self._predicate()))
        except pl.exceptions.PolarsError as error:
            line = str(error).partition("\n")[0]
            columns = ", ".join(name for name in PROBLEMS.columns if name != _HIDDEN)
            raise ValueError(
                f"filter where: {self._predicate()!r} does not fit the problems ({line}); "
                f"columns: {columns}"
            ) from error
        if kept.dtypes != [pl.Boolean]:
            raise ValueError(
                f"filter where: {self._predicate()!r} is of type {kept.dtypes[0]}; write a "
                "predicate, which is true or false"
            )


def _parse(sql: str) -> pl.Expr:
    """A predicate as an expression; nothing but one expression is legal.

    Raises:
        ValueError: it is none.
    """
    try:
        return pl.sql_expr(sql)
    except pl.exceptions.PolarsError as error:
        line = str(error).partition("\n")[0]
        raise ValueError(f"{sql!r} is no predicate ({line}); write e.g. index < 100") from error
