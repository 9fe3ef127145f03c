-- Annotations that the publisher's current legend no longer holds: each an issue, so that the curator hears of it.
INSERT INTO gen.out.quarantine BY NAME
SELECT
    left(sha256(concat_ws(chr(31), a.source, a.curated_figure_id, a.annotation_id, a.current_legend_sha256)), 16) AS issue_id,
    a.lost_night AS night, $night::DATE AS last_night, a.source, 'annotation' AS unit, 'legend_changed' AS reason,
    'open' AS status,
    'The current legend of the publisher''s figure no longer holds "' || a.text
        || '" at this place; the annotation stays on the curator''s own figure. Please annotate the new legend.' AS message,
    a.curated_figure_id AS name, a.start_offset || '-' || a.end_offset AS locator, a.delivery_id, a.raw_sha256,
    to_json({'annotation_id': a.annotation_id, 'text': a.text, 'entity_type': a.entity_type, 'role': a.role})::VARCHAR AS payload
FROM work.annotations AS a
WHERE a.is_lost
ORDER BY a.curated_figure_id, a.start_offset, a.annotation_id;
