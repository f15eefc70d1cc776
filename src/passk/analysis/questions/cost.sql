-- What each arm drew and generated over its training, and the reward that it ended with.
-- training: result table training. Sums of columns that a log lacks are null, not 0. Fine-tuning
-- draws nothing, and has no reward.
WITH rewarded AS (
    SELECT * FROM training WHERE reward IS NOT NULL
),
steps AS (
    SELECT arm, max(step) AS last FROM rewarded GROUP BY arm
)
SELECT arm, count(*) AS steps,
    sum(rollouts)::BIGINT AS rollouts,
    sum(tokens)::BIGINT AS tokens,
    avg(rounds ORDER BY step) AS rounds,
    avg(trained ORDER BY step) AS trained,
    avg(reward ORDER BY step) FILTER (step > last - ceil(last / 10)) AS reward
FROM rewarded JOIN steps USING (arm)
GROUP BY arm
ORDER BY arm
