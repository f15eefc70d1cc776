-- Problems that a draw solves at least once.
-- counts: count tables.
SELECT draw, "set", count(*) FILTER (WHERE c > 0) AS solved, count(*) AS problems
FROM counts
GROUP BY draw, "set"
ORDER BY draw, "set"
