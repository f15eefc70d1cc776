-- Problems by accuracy c/n: 0, (0,.1], ... (.8,.9], (.9,1), 1, in whole numbers free of rounding.
-- counts: count tables; labels: bin, label.
WITH binned AS (
    SELECT draw, model, "set",
        CASE WHEN c = 0 THEN 0 WHEN c = n THEN 11 ELSE (10 * c + n - 1) // n END AS bin
    FROM counts
    WHERE temperature IS NULL OR temperature > 0
),
cells AS (
    SELECT draw, any_value(model) AS model, "set", count(*) AS total
    FROM binned GROUP BY draw, "set"
),
filled AS (
    SELECT draw, "set", bin, count(*) AS problems FROM binned GROUP BY draw, "set", bin
)
SELECT draw, model, "set", bin, label, coalesce(problems, 0) AS problems,
    coalesce(problems, 0) / total AS share
FROM cells
CROSS JOIN labels
LEFT JOIN filled USING (draw, "set", bin)
ORDER BY draw, "set", bin
