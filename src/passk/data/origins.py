"""Where a published file can be had: a repository of the Hugging Face hub, or an address.

An origin that names a commit, or a file whose digest is recorded, is pinned: what is got from it
can be no other file. `passk pin` gets the files, and resolves what is not pinned yet.

Example:
    >>> Origin(hub="openai/gsm8k", file="main/test-00000-of-00001.parquet").pinned
    False
    >>> str(Origin(url="https://example.org/a.jsonl"))
    'https://example.org/a.jsonl'
"""

import re
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from passk.core.parameters import NotEmpty, ParameterSection

COMMIT = re.compile(r"^[0-9a-f]{40}$")
_ADDRESS = r"^(https?|file)://\S+$"
_REPOSITORY = r"^[\w.-]+/[\w.-]+$"


class Origin(ParameterSection):
    """A place that a benchmark's file is got from."""

    hub: Annotated[str, StringConstraints(pattern=_REPOSITORY)] | None = Field(
        default=None, description="OWNER/NAME, a dataset repository of the Hugging Face hub."
    )
    revision: NotEmpty | None = Field(
        default=None,
        description="Of a repository: a commit (40 hexadecimal digits) is pinned; null, a branch "
        "or a tag is not, and `passk pin` writes the commit that it is.",
    )
    file: NotEmpty | None = Field(
        default=None,
        description="Of a repository: the file, as train.jsonl or data/train-*.parquet; several "
        "files go into the folder `path`.",
    )
    url: Annotated[str, StringConstraints(pattern=_ADDRESS)] | None = Field(
        default=None, description="In place of a repository: the address of the file."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.hub is None) == (self.url is None):
            raise ValueError("needs either hub (OWNER/NAME, with `file`) or url")
        if self.hub is not None and self.file is None:
            raise ValueError(f"hub = {self.hub!r}: needs `file`, the file within the repository")
        if self.url is not None and (self.file is not None or self.revision is not None):
            raise ValueError("url: file and revision are of a repository; remove them")
        return self

    @property
    def pinned(self) -> bool:
        """Whether it names a content that cannot change: a commit."""
        return self.revision is not None and bool(COMMIT.match(self.revision))

    @property
    def several(self) -> bool:
        """Whether it may be several files."""
        return self.file is not None and any(mark in self.file for mark in "*?[")

    def __str__(self) -> str:
        if self.url is not None:
            return self.url
        return f"{self.hub}@{self.revision or 'main'}/{self.file}"
