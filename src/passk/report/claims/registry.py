"""The claims, in order; claim 3 needs log-probabilities under the base model."""

from passk.report.claims import ablations, algorithms, crossover, distillation, longer, subset

CLAIMS = (
    crossover.CLAIM,
    subset.CLAIM,
    algorithms.CLAIM,
    longer.CLAIM,
    ablations.CLAIM,
    distillation.CLAIM,
)
