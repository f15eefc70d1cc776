"""What a domain is: how its responses are judged, and what is special about its problems.

A domain is a folder. Its module `domain.py` holds one instance of `Domain`, named in
`passk.domains.registry` or under the entry points `passk.domains` of an installed package. What
other stages use has a registry of its own, so that a change there trains nothing again: readers
(`passk.readers`), worlds (`passk.worlds`), and, by the domain's name where it has any, what
completes the problems that are read (`passk.completions`) and what must hold of them
(`passk.suites`). Whatever is heavy is imported inside methods: parameters are checked, and
names looked up, without it.

Example:
    >>> from passk.domains.registry import DOMAINS
    >>> DOMAINS["math"].gold(Reference("p", "12")), DOMAINS["visual"].has_images
    ('12', True)
"""

from abc import ABC, abstractmethod
from typing import ClassVar, TypeVar

import polars as pl
from pydantic import BaseModel

from passk.core.parameters import ParameterSection
from passk.domains.grading import Judge, JudgeResources, Reference

Section = TypeVar("Section", bound=BaseModel)


class JudgeSettings(ParameterSection):
    """Settings of the judges of all domains, a section each; see `passk.domains.settings`."""

    def section(self, schema: type[Section]) -> Section:
        """The section that has a schema.

        Raises:
            KeyError: no domain has that schema.
        """
        for _, section in self:
            if isinstance(section, schema):
                return section
        raise KeyError(schema.__name__)


class Domain(ABC):
    """A kind of problems that are judged alike.

    Attributes:
        name: as in the column `domain` of the problem table; part of every problem's id.
        label: as the report names it.
        settings: schema of the judge's parameters, `verification.NAME`; all have defaults.
        asks: what its problems ask for, in a few words; describes that section.
        tested: whether responses are judged by a problem's hidden tests, not by its answer.
        has_images: whether its problems are about images.
        needs_benchmark: why samples that somebody else drew can be judged only beside the benchmark
            that they answer; None: question and answer suffice.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    settings: ClassVar[type[BaseModel]]
    asks: ClassVar[str]
    tested: ClassVar[bool] = False
    has_images: ClassVar[bool] = False
    needs_benchmark: ClassVar[str | None] = None

    @abstractmethod
    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """The judge of samples, with the options and limits of the parameters."""

    @abstractmethod
    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """The judge of rollouts, with options that no parameter of `verification` changes.

        Another option there judges samples again, and must retrain nothing.

        Args:
            resources: where it keeps verdicts, and its processes.
            isolation: of the programs that it runs, if any.
        """

    def gold(self, reference: Reference) -> str:
        """What the judge is told of a problem: its reference answer, as it stands.

        Raises:
            ValueError: responses to the problem cannot be judged; it names the problem.
        """
        return reference.answer

    def same_question(self) -> pl.Expr:
        """What two problems share if they ask the same: their id by default."""
        return pl.col("problem_id")
