-- Document revisions that no tombstone hides, those of auxiliary deliveries left out, ranked: 1 is current. The key is
-- (stated date, else night; stated version; parser version; content hash), so that the order of arrival does not
-- matter.
CREATE VIEW cur.document_revisions AS
SELECT
    d.* EXCLUDE (doc_id),
    coalesce(a.doc_id, d.doc_id) AS doc_id,
    row_number() OVER (
        PARTITION BY coalesce(a.doc_id, d.doc_id), d.kind
        ORDER BY coalesce(d.stated_date, d.night) DESC, d.stated_version DESC, d.parser_version DESC,
                 d.record_sha256 DESC, d.seq DESC, d.raw_sha256
    ) AS rank
FROM corpus.documents AS d
LEFT JOIN cur.aliases AS a ON a.alias = d.doc_id
WHERE d.kind <> 'auxiliary' AND NOT EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= d.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN d.delivery_id WHEN 'night' THEN d.night::VARCHAR ELSE d.doc_id END
);
