"""What every judge is: what problems are judged by and responses in, verdicts out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

from tqdm import tqdm

from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache

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
            golds: what each is judged by; see `Domain.gold`.
            texts: responses, as many.
            cut: whether a response ended at its length limit.
        """
        ...


def silent(results: Results, total: int) -> Results:
    """Show nothing."""
    del total
    return results


@dataclass(frozen=True)
class JudgeResources:
    """Where a judge keeps what it learns, and how much it may use; decides no verdict.

    Attributes:
        verdicts: folder of the verdict cache; None: all verdicts are worked out anew.
        calibration: folder of the times of reference solutions; None: measured anew.
        workers: processes in place of those that the settings name; None: as they say.
        progress: wraps the stream of results.
    """

    verdicts: Path | None = None
    calibration: Path | None = None
    workers: int | None = None
    progress: Progress = silent

    def cache(self, grader: str) -> VerdictCache | None:
        """The cache of a grader, by its name and digest."""
        return None if self.verdicts is None else VerdictCache(self.verdicts, grader)


class Reference(NamedTuple):
    """What responses to a problem are judged by: columns of the problem table."""

    problem_id: str
    answer: str
    answer_type: str = "expression"
    tests: str | None = None
    choices: tuple[str, ...] = ()
    precision: int | None = None
    unit: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The reference of a row of the problem table; columns that it lacks are as by default.

        Example:
            >>> Reference.of({"problem_id": "p", "answer": "12", "choices": None}).choices
            ()
        """
        values = {name: row[name] for name in cls._fields if name in row}
        return cls(**{**values, "choices": tuple(values.get("choices") or ())})
