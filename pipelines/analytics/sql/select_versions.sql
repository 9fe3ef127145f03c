-- All versions of every figure that has several, or one that holds a machine's tags beside a curator's; not of retracted
-- documents. Nested spans are kept apart by the comparison.
WITH mixed AS (
    SELECT DISTINCT c.doc_id, c.figure_group
    FROM work.curated_annotations AS a
    JOIN work.curated_figures AS c USING (figure_id, record_sha256)
    WHERE a.review_stage = 'machine' AND c.review_stage <> 'machine'
),
compared AS (
    SELECT doc_id, figure_group FROM work.curated_figures GROUP BY ALL HAVING count(*) > 1 UNION FROM mixed
),
versions AS (
    SELECT c.* FROM work.curated_figures AS c
    SEMI JOIN compared AS m ON m.doc_id = c.doc_id AND m.figure_group = c.figure_group
    WHERE c.doc_id NOT IN (SELECT doc_id FROM cur.status WHERE status = 'retracted')
)
SELECT
    v.doc_id, v.figure_group, v.figure_id, v.sender, v.review_stage, coalesce(v.stated_date, v.night)::VARCHAR AS stamp,
    v.legend, d.annotated_types, d.preannotated_by, p.untagged, a.marks
FROM versions AS v
LEFT JOIN cur.deliveries AS d USING (delivery_id)
LEFT JOIN (
    SELECT figure_id, record_sha256,
           list({'panel_no': panel_no, 'start_offset': start_offset, 'end_offset': end_offset} ORDER BY panel_no) AS untagged
    FROM work.curated_panels SEMI JOIN versions USING (figure_id, record_sha256)
    WHERE NOT is_labelled
    GROUP BY ALL
) AS p ON p.figure_id = v.figure_id AND p.record_sha256 = v.record_sha256
LEFT JOIN (
    SELECT t.figure_id, t.record_sha256,
           list({'start_offset': t.start_offset, 'end_offset': t.end_offset, 'entity_type': t.entity_type, 'text': t.text,
                 'panel_no': t.panel_no, 'role': t.role, 'ext_ids': t.ext_ids, 'is_nested': t.is_nested,
                 'is_machine': t.review_stage = 'machine' AND w.review_stage <> 'machine'}
                ORDER BY t.start_offset, t.end_offset, t.entity_type, t.annotation_id) AS marks
    FROM work.curated_annotations AS t
    JOIN versions AS w ON w.figure_id = t.figure_id AND w.record_sha256 = t.record_sha256
    GROUP BY ALL
) AS a ON a.figure_id = v.figure_id AND a.record_sha256 = v.record_sha256
WHERE v.legend IS NOT NULL
ORDER BY v.doc_id, v.figure_group, v.figure_id, v.sender, v.review_stage;
