INSERT INTO gen.out.panels BY NAME
SELECT panel_id, figure_id, start_offset, end_offset, labels, panel_source, model_version,
       CASE WHEN len(coords) > 0 THEN coords END AS coords
FROM work.panels
ORDER BY figure_id, start_offset, panel_id;
