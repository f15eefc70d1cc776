"""What a response about a picture is judged by: the answer, and how exact it has to be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBERS = ("integer", "float")
TYPES = (*NUMBERS, "list", "text", "expression")


@dataclass(frozen=True)
class Gold:
    """A reference answer.

    Attributes:
        answer: as the benchmark has it.
        kind: one of TYPES.
        precision: decimals to which a number is compared, or None: as it is.
        choices: answers that were offered, or empty.
    """

    answer: str
    kind: str
    precision: int | None
    choices: tuple[str, ...]

    def dump(self) -> str:
        """As JSON, which judges are told."""
        return json.dumps([self.answer, self.kind, self.precision, list(self.choices)])

    @staticmethod
    def load(dumped: str) -> "Gold":
        """Read what `dump` wrote."""
        answer, kind, precision, choices = json.loads(dumped)
        return Gold(answer, kind, precision, tuple(choices))


def gold_of(problem: Mapping[str, Any]) -> Gold:
    """The reference answer of a row of the problem table.

    Raises:
        ValueError: an answer type that no rule compares; it names the problem.
    """
    kind = problem["answer_type"]
    if kind not in TYPES:
        raise ValueError(
            f"problem {problem['problem_id']}: answer type {kind!r} is not one of "
            f"{', '.join(TYPES)}; correct it, or leave the problem out of the set"
        )
    choices = tuple(problem["choices"] or ())
    return Gold(str(problem["answer"]), kind, problem["precision"], choices)
