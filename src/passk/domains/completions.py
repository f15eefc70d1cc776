"""What completes a domain's benchmark problems where the published file does not hold all."""

from collections.abc import Callable, Sequence
from typing import Protocol

from passk.core.registry import Registry
from passk.domains.benchmark_problem import BenchmarkProblem


class BenchmarkFiles(Protocol):
    """What parameters say of a benchmark's files; see `passk.data.benchmark_settings`."""

    @property
    def images(self) -> str | None:
        """Folder of the images."""

    @property
    def images_sha256(self) -> str | None:
        """Digest of what they show."""

    @property
    def partial_images(self) -> bool:
        """Whether image files may be missing."""

    @property
    def isolation(self) -> str:
        """Sandbox of reference solutions."""


# (problems as a reader gave them, where the rest lies) -> the complete problems. RecordedError
# where something is missing, JudgeError where reference solutions cannot run here.
Completion = Callable[[Sequence[BenchmarkProblem], BenchmarkFiles], list[BenchmarkProblem]]

COMPLETIONS: Registry[Completion] = Registry(
    "completion",
    "passk.completions",
    {
        "code": "passk.domains.code.readers.references:complete",
        "visual": "passk.domains.visual.readers.image_files:complete",
    },
)


def complete_problems(
    domain: str, problems: Sequence[BenchmarkProblem], files: BenchmarkFiles
) -> list[BenchmarkProblem]:
    """A benchmark's problems with what its own file does not hold, if its domain has such a thing.

    Args:
        domain: of the problems.
        problems: as a reader gave them.
        files: where the rest lies.

    Raises:
        RecordedError: something is missing; it names problem and remedy.
        JudgeError: reference solutions cannot run on this machine.
    """
    if domain not in COMPLETIONS:
        return list(problems)
    return COMPLETIONS[domain](problems, files)
