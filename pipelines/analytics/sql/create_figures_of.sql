CREATE MACRO main.figures_of(name) AS TABLE
SELECT f.figure_id, f.label, f.figure_kind, f.n_panels, f.n_annotations,
       (SELECT count(*) FROM out.mentions AS m WHERE m.figure_id = f.figure_id) AS n_mentions, f.legend
FROM out.figures AS f
WHERE f.doc_id = doc_id_of(name)
ORDER BY f.figure_kind DESC, f.position;
