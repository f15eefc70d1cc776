"""What a response about an image is judged by: the answer, and how exact it has to be."""

import json
from dataclasses import astuple, dataclass

from passk.domains.grading import Reference

NUMBERS = ("integer", "float")
TYPES = (*NUMBERS, "list", "text", "expression")


@dataclass(frozen=True)
class Gold:
    """A reference answer.

    Attributes:
        answer: as the benchmark has it; of a multiple-choice problem the right choice's text.
        kind: one of TYPES.
        precision: decimals to which a number is compared, or None: as it is.
        choices: answers that were offered, in the order of their letters, or empty.
        unit: of the answer, or None: the benchmark names none.
    """

    answer: str
    kind: str
    precision: int | None = None
    choices: tuple[str, ...] = ()
    unit: str | None = None

    def dump(self) -> str:
        """As JSON, which judges are told."""
        return json.dumps(astuple(self), ensure_ascii=False)

    @staticmethod
    def load(dumped: str) -> "Gold":
        """Read what `dump` wrote.

        Raises:
            ValueError: something else.

        Example:
            >>> Gold.load(Gold("1.2", "float", precision=1).dump()).precision
            1
        """
        try:
            answer, kind, precision, choices, unit = json.loads(dumped)
            gold = Gold(answer, kind, precision, tuple(choices), unit)
        except (TypeError, ValueError) as error:
            raise ValueError(f"no reference answer ({error}): {dumped[:80]!r}") from error
        if not isinstance(answer, str) or kind not in TYPES:
            raise ValueError(f"no reference answer: {dumped[:80]!r}")
        return gold


def gold_of(reference: Reference) -> Gold:
    """The reference answer of a problem.

    Raises:
        ValueError: an answer type that no rule compares, or an answer that is not among its
            choices; it names the problem.
    """
    kind, answer, choices = reference.answer_type, reference.answer, reference.choices
    if kind not in TYPES:
        raise ValueError(
            f"problem {reference.problem_id}: answer type {kind!r} is not one of "
            f"{', '.join(TYPES)}; correct it, or leave the problem out of the set"
        )
    if choices and answer not in choices:
        raise ValueError(
            f"problem {reference.problem_id}: answer {answer!r} is none of its choices "
            f"{list(choices)}; give the choice's text, not its letter, or leave the problem out"
        )
    return Gold(answer, kind, reference.precision, choices, reference.unit)
