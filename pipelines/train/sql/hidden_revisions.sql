-- Revisions of curated figures of which every row is hidden by a withdrawal.
SELECT f.figure_id, f.record_sha256
FROM corpus.figures AS f
WHERE f.kind = 'curation'
GROUP BY f.figure_id, f.record_sha256
HAVING bool_and(EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= f.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
))
