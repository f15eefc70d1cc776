-- A right and a wrong response of each draw to the hardest problems that the reference draw solves.
-- verdicts, samples: tables of both draws; problems: the set's table.
-- $reference: the reference draw; $set: the set; $problems: how many; $excluded: tags to leave out.
WITH judged AS (
    SELECT draw, problem_id, sample_index, verdict, reason FROM verdicts WHERE "set" = $set
),
tallied AS (
    SELECT draw, problem_id, count(*) FILTER (verdict = 'correct') AS c, count(*) AS n
    FROM judged
    GROUP BY draw, problem_id
),
hardest AS (
    SELECT problem_id, "index", question, choices, image, image_bytes,
        row_number() OVER (ORDER BY c / n, "index") AS rank
    FROM tallied
    JOIN problems USING (problem_id)
    WHERE draw = $reference AND c > 0 AND NOT list_has_any(coalesce(tags, []::VARCHAR[]), $excluded)
    ORDER BY rank
    LIMIT $problems
),
-- the first by its index: no choice is made among equals
firsts AS (
    SELECT draw, problem_id, verdict, min(sample_index) AS sample_index,
        arg_min(reason, sample_index) AS reason
    FROM judged
    WHERE verdict <> 'unknown'
    GROUP BY draw, problem_id, verdict
)
SELECT firsts.draw, $set AS "set", problem_id, "index", rank, question, choices, image, image_bytes,
    c, n, verdict, reason, sample_index, text
FROM firsts
JOIN hardest USING (problem_id)
JOIN tallied USING (draw, problem_id)
JOIN samples USING (draw, problem_id, sample_index)
WHERE samples."set" = $set
ORDER BY rank, firsts.draw, verdict
