-- Raw files that nothing which counts was read from any more, because what they came in was withdrawn.
WITH found AS (
    SELECT raw_sha256, delivery_id, night, seq, doc_id FROM corpus.documents
    UNION ALL SELECT raw_sha256, delivery_id, night, seq, doc_id FROM corpus.figures
    UNION ALL SELECT raw_sha256, delivery_id, night, seq, doc_id FROM corpus.document_events
)
SELECT f.raw_sha256
FROM found AS f
LEFT JOIN corpus.tombstones AS t
    ON t.through_seq >= f.seq AND t.target = CASE t.target_kind
        WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
GROUP BY f.raw_sha256
HAVING bool_and(t.target IS NOT NULL) AND bool_or(t.target_kind IN ('delivery', 'night'))
