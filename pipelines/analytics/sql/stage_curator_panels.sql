-- The curator's segmentation of a served figure: of its own gold version, or of the latest matched gold one all of whose
-- panels are found in the publisher's legend. `panel_no` is the curator's.
CREATE TABLE work.curator_panels AS
WITH placed AS (
    SELECT
        CASE WHEN m.figure_id IS NULL THEN c.figure_id ELSE m.figure_id END AS figure_id,
        c.figure_id AS curated_figure_id, c.rank, q.panel_no, q.labels, q.coords,
        CASE WHEN p.figure_id IS NULL OR p.legend_sha256 = c.legend_sha256 THEN q.start_offset
             ELSE s.target_start END AS start_offset,
        CASE WHEN p.figure_id IS NULL OR p.legend_sha256 = c.legend_sha256 THEN q.end_offset
             ELSE s.target_end END AS end_offset
    FROM work.curated_figures AS c
    JOIN work.curated_panels AS q ON q.figure_id = c.figure_id AND q.record_sha256 = c.record_sha256
    LEFT JOIN work.matches AS m ON m.curated_figure_id = c.figure_id
    LEFT JOIN work.publication_figures AS p ON p.figure_id = m.figure_id
    LEFT JOIN work.spans AS s
        ON s.record_sha256 = c.record_sha256 AND s.curated_figure_id = c.figure_id AND s.legend_sha256 = p.legend_sha256
       AND s.start_offset = q.start_offset AND s.end_offset = q.end_offset AND s.is_panel
    WHERE c.is_gold
    UNION ALL
    SELECT c.figure_id, c.figure_id, c.rank, q.panel_no, q.labels, q.coords, q.start_offset, q.end_offset
    FROM work.curated_figures AS c
    JOIN work.curated_panels AS q ON q.figure_id = c.figure_id AND q.record_sha256 = c.record_sha256
    JOIN work.matches AS m ON m.curated_figure_id = c.figure_id
    WHERE c.is_gold
),
whole AS (
    SELECT figure_id, curated_figure_id, min(rank) AS rank
    FROM placed
    GROUP BY figure_id, curated_figure_id
    HAVING count(*) = count(start_offset)
    QUALIFY row_number() OVER (PARTITION BY figure_id ORDER BY min(rank)) = 1
)
SELECT placed.* EXCLUDE (rank)
FROM placed
JOIN whole USING (figure_id, curated_figure_id)
SEMI JOIN work.figures USING (figure_id);
