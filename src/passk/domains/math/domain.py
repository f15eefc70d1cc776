"""The domain `math`: answers that are numbers and formulas."""

from passk.domains.domain import Domain, JudgeSettings
from passk.domains.grading import Judge, JudgeResources
from passk.domains.math.options import LIBRARIES, MathOptions
from passk.domains.math.settings import MathJudgeSettings
from passk.domains.math.worker_limits import WorkerLimits


class MathDomain(Domain):
    """Answers are compared by Math-Verify."""

    name = "math"
    label = "Math"
    settings = MathJudgeSettings
    asks = "Math answers."
    libraries = LIBRARIES

    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """See `Domain.judge`."""
        from passk.domains.math.judge import MathJudge

        section = settings.section(MathJudgeSettings)
        options = section.options()
        return MathJudge(
            options,
            resources.cache(options.grader()),
            WorkerLimits.choose(section, resources),
            progress=resources.progress,
        )

    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """See `Domain.reward_judge`; no program runs."""
        from passk.domains.math.judge import MathJudge

        del isolation
        options = MathOptions()
        limits = WorkerLimits(count=resources.workers or 1)
        return MathJudge(options, resources.cache(options.grader()), limits)


MATH = MathDomain()
