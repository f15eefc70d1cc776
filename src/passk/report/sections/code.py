"""Code: answers are programs that are run on hidden tests."""

from passk.report.sections.domain import build_domain_section
from passk.report.sections.section import PaperFigure

SECTION = build_domain_section(
    "code",
    title="Code",
    caption=(
        "The same questions where an answer is a program that is run on hidden tests, so that a "
        "lucky guess does not pass: base model and RL-trained model on sets of their own. Bands: "
        "pointwise {level} intervals; a dotted vertical line marks the crossover. "
        "Shares of failures are of all samples; unknown verdicts (faults of the judge, "
        "truncations) are kept apart from wrong ones. Examples: the problems that the base model "
        "solves most rarely, with the first right and the first wrong response of each model, by "
        "sample index."
    ),
    paper=PaperFigure(
        where=(
            "Figures 3, 4 left and 11 (later version Figures 3, 4 left and 12), Table 5 (later "
            "version Table 6)"
        ),
        numbers=(
            "On LiveCodeBench the paper's base model solves about 50% of the problems at k = 128, "
            "its RL-trained model 42.8%. Of problems 400 to 449 its table lists 23 that the base "
            "solves and 20 that RL does; one of these (430) RL alone."
        ),
        largest_k=128,
    ),
)
