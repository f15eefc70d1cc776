"""Parameters of the stage group `benchmark`: real problems from published files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from passk.core.legal import unknown
from passk.core.parameters import DistinctNames, NotEmpty, ParameterSection
from passk.data.origins import Origin
from passk.data.own_columns import OwnColumns
from passk.data.sources import BenchmarkSource, source
from passk.domains.registry import DOMAINS

Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64}|any)$")]


class Benchmark(ParameterSection):
    """A published file of problems, and which benchmark it is."""

    source: str | None = Field(
        default=None,
        description="Which benchmark: a name in src/passk/data/sources.yaml, or the path of a YAML "
        "file that describes one of your own, with the keys of one entry there; null: a table of "
        "your own, by `columns` and `domain`.",
    )
    path: NotEmpty = Field(
        description="Its file as published, or a folder of such files; `passk pin` puts it there "
        "where an origin is known."
    )
    columns: OwnColumns | None = Field(
        default=None,
        description="Of a table of your own (JSON lines, JSON, CSV, Parquet): which column holds "
        "what.",
    )
    domain: str | None = Field(
        default=None, description="Of a table of your own: what its answers are, and who judges."
    )
    origin: Origin | None = Field(
        default=None,
        description="Where the file is from, for `passk pin`: {hub, revision, file} or {url}; "
        "null: as sources.yaml says, or nowhere.",
    )
    sha256: Digest | None = Field(
        default=None,
        description="Digest that the file must have, or `any`; null: one of those recorded in "
        "sources.yaml, with the recorded number of problems.",
    )
    without: DistinctNames = Field(
        default_factory=list, description="Names of problems to leave out, as the file has them."
    )
    images: NotEmpty | None = Field(
        default=None,
        description="Folder of the images, under the names that the file gives (images/4.jpg) or "
        "their last part (4.jpg); null: such images are not read, and problems have no image, "
        "which suffices to filter, judge and import. Images that the file itself holds are always "
        "read.",
    )
    images_sha256: Digest | None = Field(
        default=None,
        description="Digest that the images read from the folder must have, or `any`; the stage "
        "says it where it is another. Only by this do changed images make the stage run again: "
        "with `any`, run it anew yourself.",
    )
    partial_images: bool = Field(
        default=False,
        description="Whether image files may be missing: problems without one stay, without an "
        "image; filter image_present leaves them out.",
    )
    isolation: Literal["bubblewrap", "subprocess"] = Field(
        default="bubblewrap",
        description="Sandbox of the reference solutions, whose outputs are what HumanEval+ and "
        "MBPP+ expect; as in verification.code.",
    )

    @property
    def described(self) -> BenchmarkSource:
        """What the benchmark is, whether its source is named or its columns are stated."""
        return describe(self.model_dump(include={"source", "path", "columns", "domain"}))

    @property
    def got_from(self) -> Origin | str | None:
        """Where its file is from, of a joined source in words; None where nobody says."""
        parts = [source(name) for name in self.described.parts.values()]
        if parts and all(part.origin for part in parts):
            return " and ".join(str(part.origin) for part in parts)
        return self.origin or self.described.origin

    @property
    def pinned(self) -> bool:
        """Whether its file can be no other one unnoticed.

        Of an origin a digest must be stated, or recorded of the source; a file that somebody put
        there is held to its content by DVC.
        """
        described = self.described
        parts = [source(name) for name in described.parts.values()]
        recorded = bool(described.sha256) or bool(parts and all(part.sha256 for part in parts))
        return self.got_from is None or self.sha256 is not None or recorded

    @model_validator(mode="after")
    def _one_description(self) -> Self:
        if (self.source is None) == (self.columns is None):
            raise ValueError(
                "needs either source (a benchmark that is described) or columns (a table of your "
                "own: {question: COLUMN, answer: COLUMN})"
            )
        if (self.domain is None) == (self.source is None):
            raise ValueError(
                f"domain = {self.domain!r}: goes with `columns`; legal there: "
                f"{', '.join(DOMAINS)}; a source has its own"
            )
        named = [] if self.domain is None else [self.domain]
        for fault in (f for name in named for f in unknown("domain", name, DOMAINS, "domain")):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _known(self) -> Self:
        described = self.described
        if not DOMAINS[described.domain].has_images and self.images is not None:
            raise ValueError(
                f"images = {self.images!r}: {self.source or self.path} has none; remove the key"
            )
        if self.images is None and (self.images_sha256 is not None or self.partial_images):
            raise ValueError("images_sha256 and partial_images say how `images` are read: name it")
        return self


class Joined(Benchmark):
    """The benchmark that samples answer; its file is told by its digest, not by its path."""

    holds: Literal["response", "program", "completion"] | None = Field(
        default=None,
        description="What the column of responses holds: whole responses, programs, or what "
        "continues the problem's prompt; null: told by its name (solution and code: program; "
        "completion; else response).",
    )
    partial: bool = Field(
        default=False, description="Whether problems may lack samples; such are left out."
    )
    others: bool = Field(
        default=False,
        description="Whether rows may answer problems that this benchmark does not have, as where "
        "it is part of a larger one; such rows are left out.",
    )

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        # The file is no dependency of the stage that DVC could watch: only its digest is.
        recorded = self.described.sha256
        if self.sha256 == "any" or (self.sha256 is None and not recorded):
            raise ValueError(
                f"sha256 = {self.sha256!r}: samples of {self.source or self.path} need the "
                "digest of its file (sha256sum FILE), so that another file is noticed"
            )
        return self


def describe(entry: Mapping[str, Any]) -> BenchmarkSource:
    """What an entry of `benchmarks` is, from its keys `source`, `path`, `columns` and `domain`.

    Raises:
        RecordedError: no such source.
    """
    if entry["source"] is not None:
        return source(entry["source"])
    path = str(entry["path"])
    return BenchmarkSource(
        title=Path(path).name,
        domain=entry["domain"],
        reader="columns",
        options={**entry["columns"], "domain": entry["domain"]},
        homepage=path,
    )
