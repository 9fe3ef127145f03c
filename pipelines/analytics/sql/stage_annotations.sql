-- Annotations at their place: in the publisher's legend where the figure is matched and the text is found there again,
-- else in the curator's own figure (`is_lost`: gold, matched, but the legend no longer holds the text). `is_gold`: of the
-- figure's gold version and made by no machine.
CREATE TABLE work.annotations AS
SELECT
    a.* EXCLUDE (start_offset, end_offset, text, figure_id),
    c.is_gold AND a.review_stage <> 'machine' AS is_gold,
    a.figure_id AS curated_figure_id,
    CASE WHEN is_placed THEN m.figure_id ELSE a.figure_id END AS figure_id,
    CASE WHEN is_placed AND NOT is_equal THEN s.target_start ELSE a.start_offset END AS start_offset,
    CASE WHEN is_placed AND NOT is_equal THEN s.target_end ELSE a.end_offset END AS end_offset,
    CASE WHEN is_placed AND NOT is_equal AND a.start_offset IS NOT NULL
         THEN substring(p.legend, s.target_start + 1, s.target_end - s.target_start) ELSE a.text END AS text,
    CASE WHEN NOT is_placed THEN 'own' WHEN is_equal THEN 'equal' ELSE 'aligned' END AS alignment,
    c.is_gold AND a.review_stage <> 'machine' AND m.figure_id IS NOT NULL AND NOT is_placed AS is_lost,
    m.figure_id AS matched_figure_id,
    p.legend_sha256 AS current_legend_sha256,
    greatest(a.night, p.night) AS lost_night
FROM (SELECT * FROM work.curated_annotations) AS a
JOIN work.curated_figures AS c ON c.figure_id = a.figure_id AND c.record_sha256 = a.record_sha256
LEFT JOIN work.matches AS m ON m.curated_figure_id = a.figure_id
LEFT JOIN work.publication_figures AS p ON p.figure_id = m.figure_id
LEFT JOIN work.spans AS s
    ON s.record_sha256 = a.record_sha256 AND s.curated_figure_id = a.figure_id AND s.legend_sha256 = p.legend_sha256
   AND s.start_offset = a.start_offset AND s.end_offset = a.end_offset AND NOT s.is_panel
CROSS JOIN LATERAL (SELECT coalesce(p.legend_sha256 = a.legend_sha256, false) AS is_equal)
CROSS JOIN LATERAL (
    SELECT m.figure_id IS NOT NULL AND (is_equal OR a.start_offset IS NULL OR s.target_start IS NOT NULL) AS is_placed
);
