-- Documents gained, lost and changed between `before` and `after`, with what changed.
WITH sides AS (
    SELECT 'before' AS side, * FROM before.diff_documents UNION ALL SELECT 'after', * FROM after.diff_documents
),
pairs AS (
    SELECT coalesce(n.doc_id, s.doc_id) AS doc_id,
           first(s ORDER BY s.kind = 'publication' DESC) FILTER (s.side = 'before') AS b,
           first(s ORDER BY s.kind = 'publication' DESC) FILTER (s.side = 'after') AS a
    FROM sides AS s LEFT JOIN diff_names AS n ON n.alias = s.doc_id
    GROUP BY ALL
)
SELECT doc_id, coalesce(a.title, b.title) AS title,
       CASE WHEN b IS NULL THEN 'gained' WHEN a IS NULL THEN 'lost' ELSE 'changed' END AS change,
       CASE WHEN a IS NULL OR b IS NULL THEN [] ELSE list_filter([
           CASE WHEN a.kind <> b.kind THEN 'kind ' || b.kind || ' → ' || a.kind END,
           CASE WHEN a.kind = b.kind AND a.revision IS DISTINCT FROM b.revision THEN 'revision' END,
           CASE WHEN a.status <> b.status THEN 'status ' || b.status || ' → ' || a.status END
       ], lambda w: w IS NOT NULL) END AS what
FROM pairs
WHERE a IS NULL OR b IS NULL OR a.kind <> b.kind OR a.revision IS DISTINCT FROM b.revision OR a.status <> b.status
ORDER BY doc_id
