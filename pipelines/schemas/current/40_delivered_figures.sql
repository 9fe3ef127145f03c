-- Current figures of curators, gold and auxiliary: per figure and source the revision with the highest key.
CREATE VIEW cur.delivered_figures AS
SELECT f.* EXCLUDE (doc_id), coalesce(a.doc_id, f.doc_id) AS doc_id
FROM corpus.figures AS f
LEFT JOIN cur.aliases AS a ON a.alias = f.doc_id
WHERE f.kind IN ('curation', 'auxiliary')
  AND NOT EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= f.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
  )
QUALIFY row_number() OVER (
    PARTITION BY f.figure_id
    ORDER BY coalesce(f.stated_date, f.night) DESC, f.stated_version DESC, f.record_sha256 DESC, f.seq, f.raw_sha256
) = 1;
