"""Parameters of the stage group `import`: samples that somebody else drew."""

import itertools
from typing import Annotated, Self

from pydantic import Field, model_validator

from passk.core.parameters import MOST_SAMPLES, DistinctNames, Name, NotEmpty, ParameterSection
from passk.core.registered import NameIn
from passk.data.benchmark_settings import Joined
from passk.data.responses import Missing
from passk.domains.registry import DOMAINS


class Columns(ParameterSection):
    """Where rows hold values: columns, or paths such as `doc.problem` or `choices[0].text`.

    Null: as the format has it. A value may be a list, with an entry for each response.
    """

    problem: NotEmpty | None = Field(default=None, description="The question's text.")
    gold: NotEmpty | None = Field(
        default=None, description="The reference answer; of a list any is right."
    )
    response: NotEmpty | None = Field(
        default=None, description="The response, or a list of them; of chat messages the last."
    )
    recorded_grade: NotEmpty | None = Field(
        default=None, description="Somebody's grade: true/false, 1/0, pass/fail, or a score."
    )
    problem_id: NotEmpty | None = Field(
        default=None, description="What tells problems apart, whatever their prompt; else question."
    )
    sample_index: NotEmpty | None = Field(
        default=None, description="What numbers the samples of a problem; else their order."
    )
    finish_reason: NotEmpty | None = Field(
        default=None, description="How a response ended: length or truncated makes it unknown."
    )
    set: NotEmpty | None = Field(
        default=None, description="Which benchmark a row is of, where a file holds several."
    )
    tokens: NotEmpty | None = Field(default=None, description="How many tokens a response has.")
    seed: NotEmpty | None = Field(default=None, description="The seed that drew it.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        columns = {
            kind: getattr(self, kind) for kind in ("problem", "gold", "response", "recorded_grade")
        }
        for (kind, column), (other, same) in itertools.combinations(columns.items(), 2):
            if column is not None and column == same:
                raise ValueError(f"{other} = {same!r}: is the column of {kind}; name another")
        return self


class ReadSettings(ParameterSection):
    """How files of samples are read; what is not stated is found out from what they hold."""

    files: DistinctNames = Field(
        default_factory=list,
        description="Names or patterns of files within the folder `path`, as seeds/*.jsonl; empty: "
        "all. Several files hold one draw: sample numbers go on from file to file.",
    )
    format: NotEmpty | None = Field(
        default=None, description="Format of the files, a name in `passk import --help`."
    )
    columns: Columns = Field(default_factory=Columns, description="Where rows hold values.")
    where: dict[NotEmpty, str] = Field(
        default_factory=dict,
        description="PATH: VALUE; rows with another value there are left out; may be empty.",
    )
    stop: list[NotEmpty] = Field(
        default_factory=list,
        description="Strings before which a response ends, as base models run on; may be empty.",
    )
    grade_from: float | None = Field(
        default=None, description="Recorded scores from here on are right; null: 1 is, 0 is not."
    )


class Imported(ReadSettings):
    """Problems, reference answers and responses of one model or several, or responses alone."""

    path: NotEmpty = Field(
        description="A file, or a folder of files: JSON, JSON lines, CSV, TSV, Parquet, Excel, "
        "also compressed; files of the tools that `passk import --help` names."
    )
    models: dict[Name, ReadSettings] = Field(
        default_factory=dict,
        description="Models whose samples are in `path`, MODEL: {files, where, ...}; a draw names "
        "one as NAME/MODEL. Only problems that all of them answered are kept. Empty: one model.",
    )
    problems: NotEmpty | None = Field(
        default=None,
        description="File of questions and reference answers within the folder `path`, where "
        "samples lack them.",
    )
    missing: Missing = Field(default="unknown", description="What a row without a response is.")
    min_n: int = Field(
        default=1,
        ge=1,
        le=MOST_SAMPLES,
        description="Problems with fewer samples of a model are left out, and counted.",
    )
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
            described = self.benchmark.described
            of_source = described.domain
            if of_source != self.domain:
                raise ValueError(
                    f"domain = {self.domain!r}, but benchmark.source = "
                    f"{self.benchmark.source or described.title!r} is of domain {of_source!r}; "
                    "make them one"
                )
        return self

    @model_validator(mode="after")
    def _problems_once(self) -> Self:
        if self.problems is not None and self.benchmark is not None:
            raise ValueError(
                f"problems = {self.problems!r}: `benchmark` says what is asked; remove one of them"
            )
        return self

    def reads(self) -> dict[str, ReadSettings]:
        """How each model's files are read; one model is called `""`.

        What a model leaves out is as the entry says.
        """
        if not self.models:
            return {"": self}
        return {name: self._completed(model) for name, model in self.models.items()}

    def _completed(self, model: ReadSettings) -> ReadSettings:
        empty = ReadSettings()
        own = {
            field: getattr(model, field) or getattr(self, field) or getattr(empty, field)
            for field in ReadSettings.model_fields
            if field != "columns"
        }
        columns = {
            kind: getattr(model.columns, kind) or getattr(self.columns, kind)
            for kind in Columns.model_fields
        }
        return ReadSettings(**own, columns=Columns(**columns))
