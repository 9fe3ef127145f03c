-- Current texts of auxiliary deliveries, with the map of labels that the delivery follows.
SELECT
    f.figure_id, f.doc_id, f.legend, f.record_sha256, f.delivery_id, f.raw_sha256,
    s.split, s.exclusion, coalesce(st.status, 'current') AS status,
    d.annotated_types, d.has_roles, f.review_stage, d.is_synthetic, coalesce(d.labels, '') AS labels
FROM cur.auxiliary_figures AS f
JOIN cur.deliveries AS d USING (delivery_id)
LEFT JOIN cur.splits AS s USING (doc_id)
LEFT JOIN cur.status AS st USING (doc_id)
ORDER BY f.figure_id
