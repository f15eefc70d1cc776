-- Samples that are not correct, by verdict and the grader's reason.
-- verdicts: verdict tables; views: view, set, problem_id.
-- Tallied by problem first: views then join a few rows a problem, not its samples.
WITH tallied AS (
    SELECT draw, "set", problem_id, verdict, reason, count(*) AS samples
    FROM verdicts
    GROUP BY ALL
),
every AS (
    SELECT * FROM tallied
    UNION ALL
    SELECT draw, "view", problem_id, verdict, reason, samples
    FROM tallied JOIN views USING ("set", problem_id)
),
totals AS (
    SELECT draw, "set", sum(samples) AS total FROM every GROUP BY draw, "set"
)
SELECT draw, "set", verdict, reason,
    sum(samples)::BIGINT AS samples,
    count(*) AS problems,
    sum(samples) / any_value(total) AS share
FROM every
JOIN totals USING (draw, "set")
WHERE verdict <> 'correct'
GROUP BY draw, "set", verdict, reason
ORDER BY draw, "set", verdict, reason
