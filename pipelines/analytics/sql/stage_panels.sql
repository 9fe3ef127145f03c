-- One segmentation a figure: the curator's, else the one worked out for its legend ($panel_source: model or rule).
CREATE TABLE work.panels AS
SELECT
    figure_id || '/' || row_number() OVER (PARTITION BY figure_id ORDER BY start_offset, end_offset, panel_no) AS panel_id,
    *
FROM (
    SELECT figure_id, start_offset, end_offset, labels, 'curator' AS panel_source, NULL AS model_version,
           curated_figure_id, panel_no, coords
    FROM work.curator_panels
    UNION ALL
    SELECT f.figure_id, s.start_offset, s.end_offset, s.labels, $panel_source, $model_version, NULL, s.panel_no, NULL
    FROM work.figures AS f
    JOIN work.segments AS s ON s.legend_sha256 = f.legend_sha256
    WHERE f.figure_id NOT IN (SELECT figure_id FROM work.curator_panels)
);
