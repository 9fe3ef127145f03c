-- Current texts of auxiliary deliveries: nobody's gold, learnt from only where a task asks for it. Per figure, sender and
-- review stage the revision with the highest key, as of curated figures.
CREATE VIEW cur.auxiliary_figures AS
SELECT
    f.* EXCLUDE (doc_id), coalesce(a.doc_id, f.doc_id) AS doc_id,
    coalesce(d.sender, '') AS sender, coalesce(d.review_stage, 'machine') AS review_stage
FROM corpus.figures AS f
LEFT JOIN cur.aliases AS a ON a.alias = f.doc_id
LEFT JOIN cur.deliveries AS d ON d.delivery_id = f.delivery_id
WHERE f.kind = 'auxiliary'
  AND NOT EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= f.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
  )
QUALIFY row_number() OVER (
    PARTITION BY coalesce(a.doc_id, f.doc_id), split_part(f.figure_id, '#', -1), d.sender, d.review_stage
    ORDER BY coalesce(f.stated_date, f.night) DESC, f.stated_version DESC, f.parser_version DESC,
             f.record_sha256 DESC, f.seq, f.raw_sha256
) = 1 AND NOT coalesce(f.is_deleted, false);
