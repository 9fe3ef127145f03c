-- A delivery: it has no bytes of its own, its files have.
SELECT 'delivery' AS kind, d.delivery_id AS id, NULL AS doc_id, NULL AS figure_id, d.sender, d.name, d.source, d.delivery_id,
       NULL AS raw_sha256, d.format, d.review_stage, d.stated_date, d.night, m.corpus_version, NULL AS model_version,
       NULL AS run_id, d.is_withdrawn, d.n_documents, d.n_figures, d.n_current_figures, d.n_gold_figures, d.n_annotations,
       d.n_gold_annotations, d.n_issues
FROM out.deliveries AS d
CROSS JOIN out.meta AS m
WHERE d.delivery_id = trim($id);
