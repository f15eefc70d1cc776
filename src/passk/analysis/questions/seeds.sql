-- What repetitions of training by other seeds gave, for each quantity, draw or comparison, and set.
-- curves: result of pass_at_k.sql at 1 and $k; $k: attempts of the sampling efficiency gap.
-- draws: draw, stem (its name without the seed), train_seed;
-- comparisons: comparison, stem, reference, candidate.
-- A comparison repeats another where both of its draws have the other seed.
WITH sampled AS (
    SELECT curves.*, stem, train_seed FROM curves JOIN draws USING (draw)
),
compared AS (
    SELECT comparison, comparisons.stem, candidate.train_seed, candidate."set",
        reference.k AS reference_k, candidate.k AS candidate_k,
        [reference.draw, candidate.draw] AS draws,
        [reference.arm, reference.step::VARCHAR, reference.temperature::VARCHAR,
         candidate.arm, candidate.step::VARCHAR, candidate.temperature::VARCHAR] AS alike,
        reference.pass_at_k AS reference, candidate.pass_at_k AS candidate
    FROM comparisons
    JOIN sampled AS reference ON reference.draw = comparisons.reference
    JOIN sampled AS candidate
        ON candidate.draw = comparisons.candidate AND candidate."set" = reference."set"
    WHERE reference.train_seed = candidate.train_seed
),
measured AS (
    SELECT draw AS name, stem, train_seed, "set", 'pass_at_k' AS quantity, k, [draw] AS draws,
        [arm, step::VARCHAR, temperature::VARCHAR] AS alike, pass_at_k AS value
    FROM sampled
    UNION ALL
    SELECT comparison, stem, train_seed, "set", 'difference', candidate_k, draws, alike,
        candidate - reference
    FROM compared WHERE reference_k = candidate_k
    UNION ALL
    SELECT comparison, stem, train_seed, "set", 'efficiency_gap', reference_k, draws, alike,
        reference - candidate
    FROM compared WHERE reference_k = $k AND candidate_k = 1
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
