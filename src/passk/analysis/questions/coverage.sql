-- Which problems both draws of a comparison solve, only one, or neither, with their indices in the set.
-- counts: count tables; comparisons: comparison, reference, candidate; excluded: set, problem_id.
-- Solved: at least one correct sample.
WITH outcomes AS (
    SELECT comparison, reference."set", reference.problem_id, reference."index",
        CASE
            WHEN reference.c > 0 AND candidate.c > 0 THEN 'both'
            WHEN reference.c > 0 THEN 'reference_only'
            WHEN candidate.c > 0 THEN 'candidate_only'
            ELSE 'neither'
        END AS category
    FROM comparisons
    JOIN counts AS reference ON reference.draw = comparisons.reference
    JOIN counts AS candidate
        ON candidate.draw = comparisons.candidate AND candidate."set" = reference."set"
        AND candidate.problem_id = reference.problem_id
    ANTI JOIN excluded
        ON excluded."set" = reference."set" AND excluded.problem_id = reference.problem_id
),
totals AS (
    SELECT comparison, "set", count(*) AS total FROM outcomes GROUP BY comparison, "set"
),
categories AS (
    SELECT unnest(['both', 'reference_only', 'candidate_only', 'neither']) AS category
),
grouped AS (
    SELECT comparison, "set", category, count(*) AS problems,
        list("index" ORDER BY "index", problem_id) AS indices,
        list(problem_id ORDER BY "index", problem_id) AS problem_ids
    FROM outcomes
    GROUP BY comparison, "set", category
)
-- an empty category is a row too: nothing found is a finding
SELECT comparison, "set", category, coalesce(problems, 0) AS problems,
    coalesce(problems, 0) / total AS share,
    coalesce(indices, []::BIGINT[]) AS indices,
    coalesce(problem_ids, []::VARCHAR[]) AS problem_ids
FROM totals
CROSS JOIN categories
LEFT JOIN grouped USING (comparison, "set", category)
ORDER BY comparison, "set", category
