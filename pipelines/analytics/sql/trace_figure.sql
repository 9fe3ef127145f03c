SELECT 'figure' AS kind, f.figure_id AS id, f.doc_id, f.label, f.legend, f.source, f.delivery_id, f.raw_sha256,
       f.legend_sha256, f.night, m.corpus_version, NULL AS model_version, NULL AS run_id, f.n_panels, f.n_annotations
FROM out.figures AS f
CROSS JOIN out.meta AS m
WHERE f.figure_id = $id;
