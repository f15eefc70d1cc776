"""The domain `code`: programs, judged by hidden tests."""

import polars as pl

from passk.domains.code.options import CodeOptions
from passk.domains.code.settings import CodeJudgeSettings
from passk.domains.domain import Domain, JudgeSettings
from passk.domains.grading import Judge, JudgeResources, Reference


class CodeDomain(Domain):
    """A program is right where it passes all tests, in a sandbox."""

    name = "code"
    label = "Code"
    settings = CodeJudgeSettings
    asks = "Programs."
    tested = True
    needs_benchmark = "programs are judged by a benchmark's tests"
    libraries = ()  # guests have the standard library alone, and values are compared by it

    def gold(self, reference: Reference) -> str:
        """The tests; ValueError where there are none, as benchmarks publish some problems."""
        if reference.tests is None:
            raise ValueError(
                f"problem {reference.problem_id}: has no tests, so programs cannot be judged; "
                "leave it out of the set, or use a release of the benchmark that has them"
            )
        return reference.tests

    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """See `Domain.judge`."""
        section = settings.section(CodeJudgeSettings)
        return _judge(section.options(), resources, section.workers)

    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """See `Domain.reward_judge`; a reward asks whether all tests pass, not which ones."""
        return _judge(CodeOptions(all_tests=False, isolation=isolation), resources, 1)

    def same_question(self) -> pl.Expr:
        """Question and starter code but for white space: copies are often laid out anew."""
        return (
            pl.concat_str(pl.col("question", "starter_code").fill_null(""), separator=" ")
            .str.replace_all(r"\s+", " ")
            .str.strip_chars()
        )


def _judge(options: CodeOptions, resources: JudgeResources, workers: int) -> Judge:
    from passk.domains.code.judge import CodeJudge

    return CodeJudge(
        options,
        resources.cache(options.grader()),
        workers=resources.workers or workers,
        calibration=resources.calibration,
        progress=resources.progress,
    )


CODE = CodeDomain()
