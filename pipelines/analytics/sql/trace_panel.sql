-- A panel, by its id or one from before its document proved to be another.
SELECT 'panel' AS kind, p.panel_id AS id, p.figure_id, f.doc_id, p.labels, p.start_offset, p.end_offset, p.panel_source,
       f.source, f.delivery_id, f.raw_sha256, f.legend_sha256, f.night, m.corpus_version, p.model_version, NULL AS run_id
FROM out.panels AS p
JOIN out.figures AS f USING (figure_id)
CROSS JOIN out.meta AS m
WHERE p.panel_id IN ($id, doc_id_of(regexp_replace($id, '#[^#]*$', '')) || '#' || split_part($id, '#', -1))
ORDER BY p.panel_id = $id DESC;
