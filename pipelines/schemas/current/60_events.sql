-- Statements about documents as each delivery made them, the document resolved by today's aliases.
CREATE VIEW cur.statements AS
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
);

-- The same statement twice is one.
CREATE VIEW cur.events AS
FROM cur.statements
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY night, length(delivery_id), delivery_id, raw_sha256) = 1;
