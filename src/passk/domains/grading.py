"""What every judge of a domain is: golds and responses in, verdicts out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tqdm import tqdm

from passk.domains.verdict import Verdict
from passk.domains.visual.gold import gold_of

# (number of a response, its verdict; None where it has to be worked out once more)
Results = Iterable[tuple[int, Verdict | None]]
Progress = Callable[[Results, int], Results]


def progress_bar(results: Results, total: int) -> Results:
    """Show rate and time left on standard error, once judging takes longer than 3 s."""
    return tqdm(results, total=total, unit="answer", desc="judging", delay=3)


class Judge(AbstractContextManager["Judge"], Protocol):
    """Judges the responses of one domain; a context manager that ends its processes."""

    grader: str

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """A verdict for each response.

        Args:
            golds: what each is judged by; see `gold`.
            texts: responses, as many.
            cut: whether a response ended at its length limit.
        """
        ...


def gold(problem: Mapping[str, Any]) -> str:
    """What responses to a problem are judged by: tests of programs, else the reference answer.

    Args:
        problem: a row of the problem table, with `problem_id, domain, answer, tests`; of domain
            visual also `answer_type, precision, unit, choices`.

    Raises:
        ValueError: a code problem without tests, as benchmarks publish some; an answer type that
            cannot be compared.

    Example:
        >>> gold({"problem_id": "p", "domain": "math", "answer": "12", "tests": None})
        '12'
    """
    if problem["domain"] == "visual":
        return gold_of(problem).dump()
    if problem["domain"] != "code":
        return str(problem["answer"])
    if problem["tests"] is None:
        raise ValueError(
            f"problem {problem['problem_id']}: has no tests, so programs cannot be judged; leave "
            "it out of the set, or use a release of the benchmark that has them"
        )
    return str(problem["tests"])
