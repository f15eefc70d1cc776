-- Greedy accuracy: share of problems whose one answer at temperature 0 is correct.
-- counts: count tables.
SELECT draw, any_value(model) AS model, "set", sum(c)::BIGINT AS solved, count(*) AS problems,
    max(n) AS n
FROM counts
WHERE temperature = 0
GROUP BY draw, "set"
ORDER BY draw, "set"
