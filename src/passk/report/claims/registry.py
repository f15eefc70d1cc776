"""Claims by name; which are judged, `report.judged_claims` says.

Claim 3 is not among them: it needs log-probabilities under the base model.
"""

from passk.core.registry import Registry
from passk.report.claims.verdict import Claim

CLAIMS: Registry[Claim] = Registry(
    "claim",
    "passk.claims",
    {
        "crossover": "passk.report.claims.crossover:CLAIM",
        "subset": "passk.report.claims.subset:CLAIM",
        "algorithms": "passk.report.claims.algorithms:CLAIM",
        "longer": "passk.report.claims.longer:CLAIM",
        "ablations": "passk.report.claims.ablations:CLAIM",
        "distillation": "passk.report.claims.distillation:CLAIM",
    },
)
