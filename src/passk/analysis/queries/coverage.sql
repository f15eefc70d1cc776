-- Which problems both draws of a pair solve, only one, or neither, with their indices in the set.
-- counts: count tables; pairs: pair, base, rl (draw names); excluded: set, problem_id, left out.
-- Solved: at least one correct sample.
WITH outcomes AS (
    SELECT pair, base."set", base.problem_id, base."index",
        CASE
            WHEN base.c > 0 AND rl.c > 0 THEN 'both'
            WHEN base.c > 0 THEN 'base_only'
            WHEN rl.c > 0 THEN 'rl_only'
            ELSE 'neither'
        END AS category
    FROM pairs
    JOIN counts AS base ON base.draw = pairs.base
    JOIN counts AS rl
        ON rl.draw = pairs.rl AND rl."set" = base."set" AND rl.problem_id = base.problem_id
    ANTI JOIN excluded
        ON excluded."set" = base."set" AND excluded.problem_id = base.problem_id
),
totals AS (
    SELECT pair, "set", count(*) AS total FROM outcomes GROUP BY pair, "set"
),
categories AS (
    SELECT unnest(['both', 'base_only', 'rl_only', 'neither']) AS category
),
grouped AS (
    SELECT pair, "set", category, count(*) AS problems,
        list("index" ORDER BY "index", problem_id) AS indices,
        list(problem_id ORDER BY "index", problem_id) AS problem_ids
    FROM outcomes
    GROUP BY pair, "set", category
)
-- an empty category is a row too: nothing found is a finding
SELECT pair, "set", category, coalesce(problems, 0) AS problems,
    coalesce(problems, 0) / total AS share,
    coalesce(indices, []::BIGINT[]) AS indices,
    coalesce(problem_ids, []::VARCHAR[]) AS problem_ids
FROM totals
CROSS JOIN categories
LEFT JOIN grouped USING (pair, "set", category)
ORDER BY pair, "set", category
