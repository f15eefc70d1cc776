"""The domain `math`: answers that are numbers and formulas."""

from passk.domains.domain import Domain, JudgeSettings
from passk.domains.grading import Judge, JudgeResources
from passk.domains.math.options import MathOptions
from passk.domains.math.settings import MathJudgeSettings


class MathDomain(Domain):
    """Answers are compared by Math-Verify."""

    name = "math"
    label = "Math"
    settings = MathJudgeSettings
    asks = "Math answers."

    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """See `Domain.judge`."""
        from passk.domains.math.judge import MathJudge

        section = settings.section(MathJudgeSettings)
        options = section.options()
        return MathJudge(
            options,
            resources.cache(options.grader()),
            timeout=section.timeout,
            workers=resources.workers or section.workers,
            memory=int(section.memory_gib * 2**30),
            progress=resources.progress,
        )

    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """See `Domain.reward_judge`; no program runs."""
        from passk.domains.math.judge import MathJudge

        del isolation
        options = MathOptions()
        return MathJudge(options, resources.cache(options.grader()), workers=resources.workers or 1)


MATH = MathDomain()
