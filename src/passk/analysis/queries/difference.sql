-- Difference RL - base of pass@k, for each pair, shared set and k that both draws reach.
-- curves: result of pass_at_k.sql; pairs: pair, base, rl (draw names).
SELECT pair, rl."set", rl.k, rl.pass_at_k - base.pass_at_k AS difference
FROM pairs
JOIN curves AS base ON base.draw = pairs.base
JOIN curves AS rl ON rl.draw = pairs.rl AND rl."set" = base."set" AND rl.k = base.k
ORDER BY ALL
