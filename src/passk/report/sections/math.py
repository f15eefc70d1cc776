"""Mathematics, where a study compares models on it beside its main ones."""

from passk.report.sections.domain import build_domain_section

SECTION = build_domain_section(
    "math",
    title="Mathematics",
    caption=(
        "The same questions where the answer is a mathematical expression: base model and "
        "RL-trained model on sets of their own. Bands: pointwise {level} intervals; a "
        "dotted vertical line marks the crossover. Shares of failures are of all samples; unknown "
        "verdicts (faults of the judge, truncations) are kept apart from wrong ones. Examples: the "
        "problems that the base model solves most rarely, with the first right and the first wrong "
        "response of each model, by sample index."
    ),
)
