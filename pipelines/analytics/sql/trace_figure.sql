-- A figure, by its id, one from before its document proved to be another, or the curator's own id of it.
WITH wanted AS (
    SELECT coalesce(doc_id_of(regexp_replace($id, '#[^#]*$', '')) || '#' || split_part($id, '#', -1), $id) AS figure_id
)
SELECT 'figure' AS kind, f.figure_id AS id, f.figure_id, f.doc_id, f.label, f.legend, f.source, f.delivery_id, f.raw_sha256,
       f.legend_sha256, f.night, m.corpus_version, NULL AS model_version, NULL AS run_id, f.n_panels, f.n_annotations
FROM out.figures AS f
CROSS JOIN wanted AS w
CROSS JOIN out.meta AS m
WHERE f.figure_id IN ($id, w.figure_id)
   OR f.figure_id IN (SELECT a.figure_id FROM out.annotations AS a WHERE a.curated_figure_id = w.figure_id)
ORDER BY f.figure_id = $id DESC, f.figure_id = w.figure_id DESC, f.figure_id;
