-- Counts of one draw, beside what the samples and the sets say there should be.
-- tally: result of tally.sql; samples: the draw's sample table; problems: the draw's sets.
WITH drawn AS (
    SELECT draw, "set", problem_id, count(*) AS sampled, sum(sample_index)::BIGINT AS sampled_sum
    FROM samples
    GROUP BY ALL
),
problem_set AS (
    SELECT "set", problem_id, min("index") AS "index", count(*) AS copies
    FROM problems
    GROUP BY ALL
)
SELECT
    draw,
    "set",
    problem_id,
    problem_set."index",
    problem_set.copies,
    coalesce(tally.n, 0) AS n,
    tally.c,
    -- a chain is counted only where every correct sample of the problem has a label
    CASE WHEN unlabelled = 0 AND sum(labelled) OVER (PARTITION BY draw, "set") > 0
        THEN valid END AS d,
    tally.unknown,
    tally.illegal,
    coalesce(drawn.sampled, 0) AS sampled,
    index_sum IS NOT DISTINCT FROM sampled_sum AS same_samples,
    grader,
    other_grader
FROM problem_set
FULL JOIN drawn USING ("set", problem_id)
FULL JOIN tally USING (draw, "set", problem_id)
ORDER BY draw, "set", "index", problem_id
