INSERT INTO gen.out.panels BY NAME
SELECT panel_id, figure_id, start_offset, end_offset, labels, panel_source, model_version
FROM work.panels
ORDER BY figure_id, start_offset, panel_id;
