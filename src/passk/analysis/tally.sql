-- Verdicts -> counts per problem.
-- verdicts: the verdict table of one or more draws.
-- Only whole numbers are summed, so that any number of threads gives the same result.
SELECT
    draw,
    "set",
    problem_id,
    count(*)                                                        AS n,
    count(*) FILTER (verdict = 'correct')                           AS c,
    count(*) FILTER (verdict = 'unknown')                           AS unknown,
    -- correct samples with a valid chain, and correct samples whose chain nobody labelled
    count(*) FILTER (verdict = 'correct' AND chain_valid)           AS valid,
    count(*) FILTER (verdict = 'correct' AND chain_valid IS NULL)   AS unlabelled,
    count(chain_valid)                                              AS labelled,
    sum(sample_index)::BIGINT                                       AS index_sum,
    count(*) FILTER (verdict NOT IN ('correct', 'wrong', 'unknown'))  AS illegal,
    min(grader)                                                     AS grader,
    max(grader)                                                     AS other_grader
FROM verdicts
GROUP BY ALL
ORDER BY draw, "set", problem_id
