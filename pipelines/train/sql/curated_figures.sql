-- The gold version of each curated figure, with the split, the delivery's guideline and why it is left out.
SELECT
    f.figure_id, f.doc_id, f.legend, f.record_sha256, f.delivery_id, f.raw_sha256,
    s.split, s.exclusion, coalesce(st.status, 'current') AS status,
    d.annotated_types, d.has_roles, d.review_stage, d.is_synthetic
FROM cur.gold_figures AS f
JOIN cur.deliveries AS d USING (delivery_id)
LEFT JOIN cur.splits AS s USING (doc_id)
LEFT JOIN cur.status AS st USING (doc_id)
ORDER BY f.figure_id
