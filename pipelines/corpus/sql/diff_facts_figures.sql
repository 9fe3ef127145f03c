-- Current figures of a version; the key is what stands after the document in figure_id, `layer` who curated it.
CREATE VIEW diff_figures AS
SELECT doc_id, split_part(figure_id, '#', -1) AS key, '' AS layer, kind, label, legend_sha256,
       {graphics: graphics, fig_type: fig_type, place: place, licence: licence} AS rest
FROM cur.publication_figures
UNION ALL
SELECT doc_id, split_part(figure_id, '#', -1), sender || ' ' || review_stage, kind, label, legend_sha256,
       {graphics: graphics, fig_type: fig_type, place: place, licence: licence}
FROM cur.curated_figures
