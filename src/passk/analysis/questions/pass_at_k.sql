-- pass@k of every draw and set at each k of a grid: the mean over problems of
-- 1 - C(n-c, k) / C(n, k), with C(n-c, k) / C(n, k) = prod_{i < k} (n-c-i) / (n-i) as a running
-- product, once for each distinct (n, c): no factorial, no logarithm, equal to
-- passk.analysis.metrics.pass_at_k to 1e-12.
-- counts: count tables; $k: grid, a list. A k above a cell's smallest n gives no row.
WITH sampled AS (
    SELECT draw, model, arm, step, "set", temperature, n, c, c + unknown AS c_high
    FROM counts
    WHERE temperature IS NULL OR temperature > 0  -- greedy decoding has no curve
),
cells AS (
    SELECT draw, "set", any_value(model) AS model, any_value(arm) AS arm, any_value(step) AS step,
        any_value(temperature) AS temperature, min(n) AS n, count(*) AS problems
    FROM sampled
    GROUP BY draw, "set"
),
grid AS (
    SELECT unnest($k::BIGINT[]) AS k
),
outcomes AS (
    -- problems with equal counts are one row: their terms are equal
    SELECT draw, "set", n, c, count(*) AS solved_so, 0 AS solved_so_high
    FROM sampled GROUP BY draw, "set", n, c
    UNION ALL
    SELECT draw, "set", n, c_high, 0, count(*)
    FROM sampled GROUP BY draw, "set", n, c_high
),
merged AS (
    SELECT draw, "set", n, c, sum(solved_so)::BIGINT AS problems,
        sum(solved_so_high)::BIGINT AS problems_high
    FROM outcomes GROUP BY draw, "set", n, c
),
steps AS (
    SELECT n, c, unnest(range(least(n, (SELECT max(k) FROM grid)))) AS i
    FROM (SELECT DISTINCT n, c FROM merged)
),
missed AS (
    SELECT n, c, i + 1 AS k,
        product(greatest(n - c - i, 0) / (n - i)) OVER (
            PARTITION BY n, c ORDER BY i ROWS UNBOUNDED PRECEDING
        ) AS none_correct
    FROM steps
),
terms AS (
    -- in units of 2^-60: whole numbers add up to the same sum in any order and on any threads
    SELECT n, c, k, ((1 - none_correct) * 2.0 ** 60)::HUGEINT AS solved
    FROM missed SEMI JOIN grid USING (k)
),
means AS (
    SELECT draw, "set", k, sum(merged.problems * solved) AS solved,
        sum(problems_high * solved) AS solved_high
    FROM merged JOIN terms USING (n, c)
    GROUP BY draw, "set", k
)
SELECT draw, model, arm, step, "set", temperature, k, solved / 2.0 ** 60 / problems AS pass_at_k,
    solved_high / 2.0 ** 60 / problems AS bound_high, n, problems
FROM cells JOIN means USING (draw, "set")
WHERE k <= n
ORDER BY draw, "set", k
