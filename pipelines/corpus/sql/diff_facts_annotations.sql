-- Current annotations of a version; what they say apart from their place as hashes, which is all that a comparison needs.
-- Gold is gold, whose version of the figure it is now or was; all others are told apart by who made them (`layer`).
CREATE VIEW diff_annotations AS
SELECT doc_id, split_part(figure_id, '#', -1) AS key, is_gold,
       CASE WHEN is_gold THEN '' ELSE annotator || ' ' || review_stage END AS layer,
       entity_type, text, legend_sha256, start_offset, end_offset,
       hash(role, raw_role) AS role, hash(ext_ids, ext_dbs) AS ids, coalesce(panel_no, -1) AS panel_no,
       hash(is_nested) AS rest
FROM (
    SELECT a.*, a.review_stage <> 'machine' AND g.figure_id IS NOT NULL AS is_gold
    FROM cur.curated_annotations AS a
    LEFT JOIN cur.gold_figures AS g
      ON g.figure_id = a.figure_id AND g.record_sha256 = a.record_sha256 AND g.seq = a.seq
     AND g.delivery_id = a.delivery_id AND g.raw_sha256 = a.raw_sha256
)
