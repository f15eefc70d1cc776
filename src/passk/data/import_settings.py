"""Parameters of the stage group `import`: samples that somebody else drew."""

import itertools
from typing import Annotated, Self

from pydantic import Field, model_validator

from passk.core.parameters import NotEmpty, ParameterSection
from passk.core.registered import NameIn
from passk.data.benchmark_settings import Joined
from passk.data.sources import source
from passk.domains.registry import DOMAINS


class Columns(ParameterSection):
    """What the columns of the file are called. List-valued cells hold one entry per sample."""

    problem: NotEmpty = Field(default="problem", description="Column of the question's text.")
    gold: NotEmpty = Field(
        default="gold", description="Column of the reference answer, a string or a number."
    )
    response: NotEmpty = Field(
        default="response", description="Column of the response, or of their list."
    )
    recorded_grade: NotEmpty | None = Field(
        default=None, description="Column of somebody's grade (true/false, 0/1), or of their list."
    )
    problem_id: NotEmpty | None = Field(
        default=None,
        description="Column that tells problems apart where the file has one; else question.",
    )
    sample_index: NotEmpty | None = Field(
        default=None,
        description="Column that numbers the samples of a problem; else order in the file.",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        columns = {
            kind: getattr(self, kind) for kind in ("problem", "gold", "response", "recorded_grade")
        }
        for (kind, column), (other, same) in itertools.combinations(columns.items(), 2):
            if column is not None and column == same:
                raise ValueError(f"{other} = {same!r}: is the column of {kind}; name another")
        return self


class Imported(ParameterSection):
    """A file of problems, gold answers and responses, or of responses to a benchmark."""

    path: NotEmpty = Field(description="JSONL (also .gz), JSON list, or Parquet file.")
    columns: Columns = Field(default_factory=Columns, description="Names of the columns.")
    domain: Annotated[str, NameIn(DOMAINS)] = Field(
        default="math", description="Decides the judge; see `passk.domains`."
    )
    benchmark: Joined | None = Field(
        default=None,
        description="The benchmark that the samples answer: rows name its problems (`problem_id`) "
        "and need neither question nor gold; null: rows hold both. Domains code and visual need "
        "one.",
    )

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        reason = DOMAINS[self.domain].needs_benchmark
        if self.benchmark is None and reason is not None:
            raise ValueError(
                f"domain = {self.domain!r}: {reason}; say which under `benchmark: {{source, path}}`"
            )
        if self.benchmark is not None:
            of_source = source(self.benchmark.source).domain
            if of_source != self.domain:
                raise ValueError(
                    f"domain = {self.domain!r}, but benchmark.source = {self.benchmark.source!r} "
                    f"is of domain {of_source!r}; make them one"
                )
        return self
