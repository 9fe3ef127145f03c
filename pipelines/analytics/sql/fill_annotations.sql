-- The gold. The panel is the one that holds the first character; of a floating tag the one the curator gave it to.
INSERT INTO gen.out.annotations BY NAME
SELECT
    a.annotation_id, a.figure_id,
    CASE WHEN a.start_offset IS NULL THEN t.panel_id WHEN a.start_offset < p.end_offset THEN p.panel_id END AS panel_id,
    a.start_offset, a.end_offset, a.text, a.entity_type, a.role, a.raw_type, a.raw_role, a.ext_ids, a.ext_dbs,
    a.delivery_id, a.annotator, a.review_stage, a.is_floating, a.is_nested, a.alignment, a.curated_figure_id,
    a.panel_no AS curated_panel_no,
    s.split, a.night, a.raw_sha256
FROM work.annotations AS a
ASOF LEFT JOIN work.panels AS p ON p.figure_id = a.figure_id AND p.start_offset <= a.start_offset
LEFT JOIN work.panels AS t
    ON t.figure_id = a.figure_id AND t.curated_figure_id = a.curated_figure_id
   AND t.panel_no = CASE WHEN a.start_offset IS NULL THEN a.panel_no END
LEFT JOIN cur.splits AS s ON s.doc_id = a.doc_id
WHERE a.is_gold
ORDER BY a.figure_id, a.start_offset, a.end_offset, a.entity_type, a.annotation_id;
