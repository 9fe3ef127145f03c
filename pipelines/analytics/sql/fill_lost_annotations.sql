-- Annotations that the publisher's current legend no longer holds: each an issue, so that the curator hears of it.
INSERT INTO gen.out.quarantine BY NAME
WITH lost AS (
    SELECT
        *,
        left(sha256(concat_ws(chr(31), source, curated_figure_id, annotation_id, current_legend_sha256)), 16) AS issue_id
    FROM work.annotations
    WHERE is_lost
)
SELECT
    a.issue_id,
    a.lost_night AS night, $night::DATE AS last_night, a.source, 'annotation' AS unit, 'legend_changed' AS reason,
    coalesce(s.status, 'open') AS status,
    'The current legend of the publisher''s figure no longer holds "' || a.text
        || '" at this place; the annotation stays on the curator''s own figure. Please annotate the new legend.' AS message,
    a.curated_figure_id AS name, a.start_offset || '-' || a.end_offset AS locator, a.delivery_id, a.raw_sha256,
    coalesce((SELECT any_value(d.sender) FROM corpus.deliveries AS d WHERE d.delivery_id = a.delivery_id), '') AS sender,
    'publish.legend_changed' AS rule, '1' AS rule_version, 1 AS n_nights, coalesce(s.settled_by, '') AS settled_by,
    coalesce(s.owner, '') AS owner, coalesce(s.note, '') AS note,
    to_json({'annotation_id': a.annotation_id, 'text': a.text, 'entity_type': a.entity_type, 'role': a.role})::VARCHAR AS payload
FROM lost AS a
LEFT JOIN work.issue_states AS s USING (issue_id)
ORDER BY a.curated_figure_id, a.start_offset, a.annotation_id;
