"""Problems: what is asked, in normal form for every domain."""

import polars as pl

from passk.core.tables import Table

PROBLEMS = Table(
    "problems",
    3,
    {
        "problem_id": pl.String(),  # digest of what a model sees; see passk.core.ids
        "domain": pl.String(),
        "set": pl.String(),
        "index": pl.Int64(),  # position in the source: the index that coverage tables list
        "question": pl.String(),
        "answer": pl.String(),
        "answer_type": pl.String(),  # text | integer | float | list | expression | program
        "choices": pl.List(pl.String()),
        "unit": pl.String(),
        "precision": pl.Int64(),
        # JSON, never reaches a prompt: hidden tests of a program, or what a drawn image shows.
        "tests": pl.String(),
        "starter_code": pl.String(),
        "image": pl.String(),  # digest of the image's size and RGB values
        "image_bytes": pl.Binary(),  # PNG, RGB, no metadata; see passk.core.images
        "date": pl.String(),  # ISO date of publication
        "source": pl.String(),
        "tags": pl.List(pl.String()),
    },
    key=("set", "index"),
    nullable=frozenset(
        {
            "choices",
            "unit",
            "precision",
            "tests",
            "starter_code",
            "image",
            "image_bytes",
            "date",
            "tags",
        }
    ),
)

# The only columns that prompts and samplers may read: an answer never reaches a prompt. (Who shows
# images reads `image_bytes` besides; `image` names them.)
ASKED = ("problem_id", "domain", "set", "index", "question", "choices", "starter_code", "image")

FILTERS = Table(
    "filters",
    1,
    {
        "set": pl.String(),
        "order": pl.Int64(),
        "filter": pl.String(),
        "rows_in": pl.Int64(),
        "rows_out": pl.Int64(),
        "reason": pl.String(),
    },
    key=("set", "order"),
)
