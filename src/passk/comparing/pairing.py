"""Which problems two sides have in common, and what is asked in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from passk.comparing.side import Key, Side, SideProblem
from passk.core.rows import RecordedError

_NAMED = 3  # problems that a message names


@dataclass(frozen=True)
class PairedProblem:
    """A problem of both sides: what is asked, what is right, and each side's own of it."""

    key: Key
    question: str
    references: tuple[str, ...]
    reference: SideProblem
    candidate: SideProblem


@dataclass
class Pairing:
    """What two sides share.

    Attributes:
        problems: of both, in the order of the reference.
        by: what tells problems apart: `id`, or `question` where ids had nothing in common.
        reference_only, candidate_only: problems of one side alone, which nothing compares.
        reworded: problems whose question differs between the sides, say by a prompt's template.
    """

    problems: list[PairedProblem] = field(default_factory=list)
    by: str = "id"
    reference_only: list[Key] = field(default_factory=list)
    candidate_only: list[Key] = field(default_factory=list)
    reworded: int = 0


def pair(
    reference: Side, candidate: Side, problems: Mapping[Key, SideProblem] | None = None
) -> Pairing:
    """The problems that both sides answered.

    Args:
        reference: from `gather`.
        candidate: likewise.
        problems: questions and right answers from a file of their own, where there is one.

    Raises:
        RecordedError: nothing is in common, a problem has no right answer, or two that differ.
    """
    shared = [key for key in reference if key in candidate]
    by = "id"
    if not shared:
        reference, candidate = _by_question(reference), _by_question(candidate)
        shared, by = [key for key in reference if key in candidate], "question"
    if not shared:
        raise RecordedError(
            "the two sides have no problem in common, neither by id nor by question; the first "
            f"are {_named(list(reference))} and {_named(list(candidate))}. Name the column of "
            "the problem's id, or compare files of one benchmark"
        )
    pairing = Pairing(
        by=by,
        reference_only=[key for key in reference if key not in candidate],
        candidate_only=[key for key in candidate if key not in reference],
    )
    for key in shared:
        left, right = reference[key], candidate[key]
        stated = problems.get(key) if problems else None
        pairing.reworded += left.question != right.question
        pairing.problems.append(
            PairedProblem(
                key,
                (stated and stated.question) or left.question or right.question or key[1],
                stated.references if stated else _references(key, left, right),
                left,
                right,
            )
        )
    return pairing


def _by_question(side: Side) -> Side:
    return {
        (key[0], problem.question): problem for key, problem in side.items() if problem.question
    }


def _references(key: Key, left: SideProblem, right: SideProblem) -> tuple[str, ...]:
    if left.references and right.references and left.references != right.references:
        raise RecordedError(
            f"{right.place}: problem {key[1]!r} has the right answer "
            f"{' or '.join(right.references)!r}, and {' or '.join(left.references)!r} in "
            f"{left.place}; are the files of one benchmark? `--problems FILE` decides"
        )
    references = left.references or right.references
    if not references:
        raise RecordedError(
            f"{left.place}: problem {key[1]!r} has no right answer in the files; give them by "
            "`--problems FILE`, or name the column by `--gold COLUMN`"
        )
    return references


def _named(keys: list[Key]) -> str:
    return ", ".join(repr(problem)[:60] for _, problem in keys[:_NAMED]) or "none"
