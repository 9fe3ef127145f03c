-- Statements about documents, the document resolved by today's aliases; the same statement twice is one.
CREATE VIEW cur.events AS
SELECT
    e.* EXCLUDE (doc_id, seq, part),
    coalesce(a.doc_id, e.doc_id) AS doc_id,
    e.seq
FROM corpus.document_events AS e
LEFT JOIN cur.aliases AS a ON a.alias = e.doc_id
WHERE NOT EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= e.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN e.delivery_id WHEN 'night' THEN e.night::VARCHAR ELSE e.doc_id END
)
QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY e.seq, e.raw_sha256) = 1;
