-- Sampling efficiency gap pass@k(base) - pass@1(RL), for each pair and shared set.
-- curves: result of pass_at_k.sql at 1 and every k of pairs; pairs: pair, base, rl (draws), k.
SELECT pair, base."set", base.k, base.pass_at_k - rl.pass_at_k AS dse
FROM pairs
JOIN curves AS base ON base.draw = pairs.base AND base.k = pairs.k
JOIN curves AS rl ON rl.draw = pairs.rl AND rl."set" = base."set" AND rl.k = 1
ORDER BY ALL
