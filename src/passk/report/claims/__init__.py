"""The paper's claims, judged: one module per claim, result tables in, verdicts out."""
