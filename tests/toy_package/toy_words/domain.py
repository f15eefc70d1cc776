"""The domain `words`: a response is judged by its last word."""

from collections.abc import Sequence
from types import TracebackType

from pydantic import BaseModel, ConfigDict, Field

from passk.domains.domain import Domain, JudgeSettings
from passk.domains.grading import Judge, JudgeResources
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    NO_ANSWER,
    UNKNOWN,
    WRONG,
    Verdict,
)


class WordsSettings(BaseModel):
    """The section `verification.words`."""

    model_config = ConfigDict(extra="forbid")

    ignore_case: bool = Field(default=True, description="Whether Esor is esor.")


class WordsJudge:
    """Compares the last word of a response; it holds no process."""

    def __init__(self, *, ignore_case: bool) -> None:
        self.ignore_case = ignore_case
        # Name and digest of all that verdicts depend on: here one option, so it stands as it is.
        self.grader = f"words-1-{'folded' if ignore_case else 'exact'}"

    def __enter__(self) -> "WordsJudge":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End nothing."""

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """A verdict for each response; one that was cut before any word is unknown."""
        ended = [False] * len(texts) if cut is None else cut
        return [self._judge(*row) for row in zip(golds, texts, ended, strict=True)]

    def _judge(self, gold: str, text: str, cut: bool) -> Verdict:
        words = text.split()
        if not words:
            return Verdict(UNKNOWN if cut else WRONG, NO_ANSWER, None)
        same = words[-1] == gold or (self.ignore_case and words[-1].lower() == gold.lower())
        return Verdict(CORRECT if same else WRONG, EQUAL if same else DIFFERENT, words[-1])


class WordsDomain(Domain):
    """Answers are words."""

    name = "words"
    label = "Words"
    settings = WordsSettings
    asks = "Words."

    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """See `Domain.judge`."""
        return WordsJudge(ignore_case=settings.section(WordsSettings).ignore_case)

    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """See `Domain.reward_judge`; no program runs."""
        return WordsJudge(ignore_case=True)


WORDS = WordsDomain()
