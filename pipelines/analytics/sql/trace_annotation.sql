-- An annotation, gold or kept beside the gold (`why_not_gold`).
SELECT 'annotation' AS kind, a.annotation_id AS id, f.doc_id, a.figure_id, a.text, a.entity_type, a.start_offset,
       a.end_offset, split_part(a.delivery_id, ':', 1) AS source, a.delivery_id, a.raw_sha256, f.legend_sha256, a.night,
       m.corpus_version, NULL AS model_version, NULL AS run_id, a.annotator, a.review_stage, a.alignment, a.why_not_gold,
       a.curated_figure_id, a.role, a.raw_role
FROM (
    SELECT *, NULL AS why_not_gold FROM out.annotations
    UNION ALL BY NAME
    SELECT *, why AS why_not_gold FROM out.other_annotations
) AS a
JOIN out.figures AS f USING (figure_id)
CROSS JOIN out.meta AS m
WHERE a.annotation_id = $id;
