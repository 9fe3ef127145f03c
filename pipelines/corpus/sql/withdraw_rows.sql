-- Rows that came in one delivery or one night, by table: how many there are, and how many no tombstone hides yet.
WITH found AS (
    SELECT 'documents' AS tbl, delivery_id, night, seq, doc_id FROM corpus.documents
    UNION ALL SELECT 'figures', delivery_id, night, seq, doc_id FROM corpus.figures
    UNION ALL SELECT 'panels', delivery_id, night, seq, NULL FROM corpus.panels
    UNION ALL SELECT 'annotations', delivery_id, night, seq, NULL FROM corpus.annotations
    UNION ALL SELECT 'document_events', delivery_id, night, seq, doc_id FROM corpus.document_events
)
SELECT f.tbl, count(*) AS n_rows, count(*) FILTER (NOT EXISTS (
           SELECT 1 FROM corpus.tombstones AS t
           WHERE t.through_seq >= f.seq AND t.target = CASE t.target_kind
               WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
       )) AS n_visible
FROM found AS f
WHERE CASE $kind WHEN 'delivery' THEN f.delivery_id ELSE f.night::VARCHAR END = $target
GROUP BY f.tbl ORDER BY f.tbl
