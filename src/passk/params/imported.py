"""Parameters of the stage group `import`: samples that somebody else drew."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Columns(BaseModel):
    """What the columns of the file are called. List-valued cells hold one entry per sample."""

    model_config = ConfigDict(extra="forbid")

    problem: str = Field(default="problem", description="Column of the question's text.")
    gold: str = Field(
        default="gold", description="Column of the reference answer, a string or a number."
    )
    response: str = Field(
        default="response", description="Column of the response, or of their list."
    )
    recorded_grade: str | None = Field(
        default=None, description="Column of somebody's grade (true/false, 0/1), or of their list."
    )
    problem_id: str | None = Field(
        default=None,
        description="Column that tells problems apart where the file has one; else question.",
    )
    sample_index: str | None = Field(
        default=None,
        description="Column that numbers the samples of a problem; else order in the file.",
    )


class Imported(BaseModel):
    """A file of problems, gold answers and responses."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="JSONL (also .gz), JSON list, or Parquet file.")
    columns: Columns = Field(default_factory=Columns, description="Names of the columns.")
    domain: Literal["math"] = Field(default="math", description="Decides the grader; math for now.")
