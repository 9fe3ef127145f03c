-- What stands beside the truth. The place is in the served figure: the publisher's, else the curated one where its served
-- text is the one that was read.
INSERT INTO gen.out.other_annotations BY NAME
SELECT
    a.annotation_id, f.figure_id, f.doc_id,
    CASE WHEN has_place THEN a.start_offset END AS start_offset, CASE WHEN has_place THEN a.end_offset END AS end_offset,
    a.text, a.entity_type, a.role, a.raw_type, a.raw_role, a.ext_ids, a.ext_dbs, a.delivery_id, a.annotator, a.review_stage,
    CASE WHEN a.review_stage = 'machine' THEN 'machine' ELSE 'outranked' END AS why, a.is_floating, a.is_nested,
    a.curated_figure_id, a.record_sha256, a.legend_sha256, a.night, a.raw_sha256
FROM work.annotations AS a
JOIN work.figures AS f ON f.figure_id = coalesce(a.matched_figure_id, a.curated_figure_id)
CROSS JOIN LATERAL (
    SELECT a.figure_id = a.matched_figure_id OR (a.matched_figure_id IS NULL AND a.legend_sha256 = f.legend_sha256)
        AS has_place
)
WHERE NOT a.is_gold
ORDER BY f.figure_id, a.annotator, a.review_stage, a.start_offset, a.end_offset, a.entity_type, a.annotation_id;
