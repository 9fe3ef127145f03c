-- Panels that do not lie inside their legend.
SELECT count(*) AS n, min(p.panel_id) AS example
FROM gen.out.panels AS p
LEFT JOIN gen.out.figures AS f USING (figure_id)
WHERE f.legend IS NULL OR p.start_offset < 0 OR p.end_offset <= p.start_offset OR p.end_offset > length(f.legend);
