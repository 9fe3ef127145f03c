CREATE MACRO main.where_tested(entity) AS TABLE
SELECT u.role, u.role_source, u.text, d.doc_id, f.label, p.labels AS panel, p.panel_id,
       substring(f.legend, p.start_offset + 1, p.end_offset - p.start_offset) AS panel_text
FROM (
    SELECT panel_id, figure_id, role, role_source, text, entity_of(ext_db, ext_id, text) AS entity_id,
           entity_type
    FROM out.mentions
    UNION ALL
    SELECT panel_id, figure_id, role, 'curator', text, entity_of(ext_dbs[1], ext_ids[1], text), entity_type
    FROM out.annotations
) AS u
JOIN out.figures AS f USING (figure_id)
JOIN out.documents AS d USING (doc_id)
LEFT JOIN out.panels AS p USING (panel_id)
WHERE u.role IN ('controlled', 'measured') AND d.status <> 'retracted'
  AND (u.entity_id, u.entity_type) IN (SELECT (entity_id, entity_type) FROM entity_ids_of(entity))
GROUP BY ALL
ORDER BY d.doc_id, p.panel_id, u.role;
