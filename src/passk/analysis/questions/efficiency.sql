-- Sampling efficiency gap pass@k(reference) - pass@1(candidate), for each comparison and shared set.
-- curves: result of pass_at_k.sql at 1 and every k;
-- comparisons: comparison, reference, candidate, k.
SELECT comparison, reference."set", reference.k,
    reference.pass_at_k - candidate.pass_at_k AS efficiency_gap
FROM comparisons
JOIN curves AS reference
    ON reference.draw = comparisons.reference AND reference.k = comparisons.k
JOIN curves AS candidate
    ON candidate.draw = comparisons.candidate AND candidate."set" = reference."set"
    AND candidate.k = 1
ORDER BY ALL
