"""The questions that a study may ask, by name; other packages add theirs (`passk.questions`)."""

from passk.analysis.questions.question import AnalysisQuestion
from passk.core.registry import Registry

QUESTIONS: Registry[AnalysisQuestion] = Registry(
    "question",
    "passk.questions",
    {
        "pass_at_k": "passk.analysis.questions.pass_at_k:QUESTION",
        "difference": "passk.analysis.questions.difference:QUESTION",
        "crossover": "passk.analysis.questions.crossover:QUESTION",
        "greedy": "passk.analysis.questions.greedy:QUESTION",
        "coverage": "passk.analysis.questions.coverage:QUESTION",
        "histogram": "passk.analysis.questions.histogram:QUESTION",
        "efficiency": "passk.analysis.questions.efficiency:QUESTION",
        "spread": "passk.analysis.questions.spread:QUESTION",
        "seeds": "passk.analysis.questions.seeds:QUESTION",
        "failures": "passk.analysis.questions.failures:QUESTION",
        "training": "passk.analysis.questions.training:QUESTION",
        "cost": "passk.analysis.questions.cost:QUESTION",
        "measures": "passk.analysis.questions.measures:QUESTION",
        "support": "passk.analysis.questions.support:QUESTION",
        "forecast": "passk.analysis.questions.forecast:QUESTION",
        "valid_pass_at_k": "passk.analysis.questions.valid_chains:VALID_PASS_AT_K",
        "valid_difference": "passk.analysis.questions.valid_chains:VALID_DIFFERENCE",
        "valid_coverage": "passk.analysis.questions.valid_chains:VALID_COVERAGE",
        "chain_validity": "passk.analysis.questions.chain_validity:QUESTION",
        "exact": "passk.analysis.questions.exact:QUESTION",
        "ignorant": "passk.analysis.questions.ignorant:QUESTION",
        "perplexity": "passk.analysis.questions.perplexity:QUESTION",
    },
)
