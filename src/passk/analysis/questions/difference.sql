-- Difference candidate - reference of pass@k, for each comparison, shared set and k that both draws reach.
-- curves: result of pass_at_k.sql; comparisons: comparison, reference, candidate.
SELECT comparison, candidate."set", candidate.k,
    candidate.pass_at_k - reference.pass_at_k AS difference
FROM comparisons
JOIN curves AS reference ON reference.draw = comparisons.reference
JOIN curves AS candidate
    ON candidate.draw = comparisons.candidate AND candidate."set" = reference."set"
    AND candidate.k = reference.k
ORDER BY ALL
