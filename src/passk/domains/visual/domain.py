"""The domain `visual`: questions about images."""

from passk.domains.domain import Domain, JudgeSettings
from passk.domains.grading import Judge, JudgeResources, Reference
from passk.domains.math.settings import MathJudgeSettings
from passk.domains.visual.gold import gold_of
from passk.domains.visual.options import VisualOptions
from passk.domains.visual.settings import VisualJudgeSettings


class VisualDomain(Domain):
    """Answers are compared by type, unit, precision and choices; formulas as in math."""

    name = "visual"
    label = "Visual reasoning"
    settings = VisualJudgeSettings
    asks = "Answers to questions about images."
    has_images = True
    needs_benchmark = "answers about images are judged by a benchmark's types and choices"

    def gold(self, reference: Reference) -> str:
        """See `Domain.gold`; ValueError for an answer type that cannot be compared."""
        return gold_of(reference).dump()

    def judge(self, settings: JudgeSettings, resources: JudgeResources) -> Judge:
        """See `Domain.judge`."""
        from passk.domains.visual.judge import VisualJudge

        section = settings.section(VisualJudgeSettings)
        options = section.options(settings.section(MathJudgeSettings).options())
        return VisualJudge(
            options,
            # Only formulas are worth keeping, and these are the math grader's.
            resources.cache(options.math.grader()),
            timeout=section.timeout,
            workers=resources.workers or section.workers,
            memory=int(section.memory_gib * 2**30),
            progress=resources.progress,
        )

    def reward_judge(self, resources: JudgeResources, *, isolation: str) -> Judge:
        """See `Domain.reward_judge`; no program runs."""
        from passk.domains.visual.judge import VisualJudge

        del isolation
        options = VisualOptions()
        cache = resources.cache(options.math.grader())
        return VisualJudge(options, cache, workers=resources.workers or 1)


VISUAL = VisualDomain()
