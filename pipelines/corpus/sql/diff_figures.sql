-- Figures gained, lost and changed between `before` and `after`; the n-th of a key where two documents proved to be one.
WITH sides AS (
    SELECT 'before' AS side, * FROM before.diff_figures UNION ALL SELECT 'after', * FROM after.diff_figures
),
named AS (
    SELECT s.side, coalesce(n.doc_id, s.doc_id) AS name, s AS fact,
           row_number() OVER (PARTITION BY s.side, name, s.key, s.layer ORDER BY s.doc_id, s.legend_sha256) AS n
    FROM sides AS s LEFT JOIN diff_names AS n ON n.alias = s.doc_id
),
pairs AS (
    SELECT name, fact.key AS key, fact.layer AS layer, n, any_value(fact) FILTER (side = 'before') AS b,
           any_value(fact) FILTER (side = 'after') AS a
    FROM named
    GROUP BY ALL
)
SELECT name || '#' || key AS figure_id, name AS doc_id, coalesce(a.kind, b.kind) AS kind, coalesce(a.label, b.label) AS label,
       CASE WHEN b IS NULL THEN 'gained' WHEN a IS NULL THEN 'lost' ELSE 'changed' END AS change,
       CASE WHEN a IS NULL OR b IS NULL THEN [] ELSE list_filter([
           CASE WHEN a.legend_sha256 IS DISTINCT FROM b.legend_sha256 THEN 'legend' END,
           CASE WHEN a.label IS DISTINCT FROM b.label THEN 'label' END,
           CASE WHEN a.rest IS DISTINCT FROM b.rest THEN 'graphics or place' END
       ], lambda w: w IS NOT NULL) END AS what
FROM pairs
WHERE a IS NULL OR b IS NULL OR a.legend_sha256 IS DISTINCT FROM b.legend_sha256 OR a.label IS DISTINCT FROM b.label
   OR a.rest IS DISTINCT FROM b.rest
ORDER BY figure_id, layer, n
