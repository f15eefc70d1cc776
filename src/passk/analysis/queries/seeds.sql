-- What repetitions of training by other seeds gave, for each quantity, draw or pair, and set.
-- curves: result of pass_at_k.sql at 1 and $k; $k: attempts of the sampling efficiency gap.
-- draws: draw, stem (its name without the seed), train_seed; pairs: pair, stem, base, rl (draws).
-- A pair repeats another where both of its draws have the other seed.
WITH sampled AS (
    SELECT curves.*, stem, train_seed FROM curves JOIN draws USING (draw)
),
compared AS (
    SELECT pair, pairs.stem, rl.train_seed, rl."set", base.k AS base_k, rl.k AS rl_k,
        [base.draw, rl.draw] AS draws,
        [base.arm, base.step::VARCHAR, base.temperature::VARCHAR,
         rl.arm, rl.step::VARCHAR, rl.temperature::VARCHAR] AS alike,
        base.pass_at_k AS base, rl.pass_at_k AS rl
    FROM pairs
    JOIN sampled AS base ON base.draw = pairs.base
    JOIN sampled AS rl ON rl.draw = pairs.rl AND rl."set" = base."set"
    WHERE base.train_seed = rl.train_seed
),
measured AS (
    SELECT draw AS name, stem, train_seed, "set", 'pass_at_k' AS quantity, k, [draw] AS draws,
        [arm, step::VARCHAR, temperature::VARCHAR] AS alike, pass_at_k AS value
    FROM sampled
    UNION ALL
    SELECT pair, stem, train_seed, "set", 'difference', rl_k, draws, alike, rl - base
    FROM compared WHERE base_k = rl_k
    UNION ALL
    SELECT pair, stem, train_seed, "set", 'dse', base_k, draws, alike, base - rl
    FROM compared WHERE base_k = $k AND rl_k = 1
)
SELECT first(name ORDER BY train_seed) AS name, "set", quantity, k, count(*) AS seeds,
    avg(value ORDER BY train_seed) AS mean,
    stddev_samp(value ORDER BY train_seed) AS sd,
    list(train_seed ORDER BY train_seed, name) AS train_seeds,
    list(value ORDER BY train_seed, name) AS "values",
    flatten(list(draws ORDER BY train_seed, name)) AS draws
FROM measured
GROUP BY stem, "set", quantity, k, alike
HAVING count(*) > 1
ORDER BY ALL
