"""The filter `short_answer`."""

from typing import Literal

import polars as pl
from pydantic import Field, PositiveInt

from passk.data.filters import ProblemFilter, Rule


class ShortAnswer(ProblemFilter):
    """Keep problems whose answer is short."""

    kind: Literal["short_answer"] = "short_answer"
    most: PositiveInt = Field(description="Letters of an answer at most.")

    def rule(self) -> Rule:
        """At most so many letters."""
        return Rule(
            pl.col("answer").str.len_chars() <= self.most, f"answer over {self.most} letters"
        )
