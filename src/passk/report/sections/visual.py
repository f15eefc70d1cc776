"""Visual reasoning: questions about an image, and what is left without the right one."""

from passk.report.sections.domain import build_domain_section
from passk.report.sections.image_ablation import tabulate_ablations
from passk.report.sections.section import PaperFigure

SECTION = build_domain_section(
    "visual",
    title="Visual reasoning",
    caption=(
        "The same questions where the answer needs an image: base model and RL-trained model on "
        "sets of their own. Bands: pointwise {level} intervals; a dotted vertical "
        "line marks the crossover. Shares of failures are of all samples; unknown verdicts "
        "(faults of the judge, truncations) are kept apart from wrong ones. Examples: the "
        "problems that the base model solves most rarely, with their image and the first right "
        "and the first wrong response of each model, by sample index; tiny images are shown "
        "enlarged, large ones reduced."
    ),
    paper=PaperFigure(
        where="Figure 4 right; Section 3.3",
        numbers=(
            "Its two benchmarks, MathVista and MathVision, are asked without multiple choice (460 "
            "and 114 problems) and sampled 128 times; their curves are drawn, not tabled. Of 8 "
            "problems solved in some but less than 5% of the samples, its authors find a valid "
            "chain behind a right answer of 7."
        ),
        largest_k=128,
    ),
    more=lambda context: [tabulate_ablations(context)],
)
