CREATE MACRO main.whats_new(entity, since := DATE '0001-01-01') AS TABLE
SELECT d.last_night, d.first_night, d.doc_id, d.title, d.status, count(DISTINCT u.figure_id) AS n_figures,
       count(*) AS n_uses, list(DISTINCT u.seen_by ORDER BY u.seen_by) AS seen_by
FROM (
    SELECT figure_id, doc_id, entity_of(ext_db, ext_id, text) AS entity_id, entity_type, 'model' AS seen_by
    FROM out.mentions
    UNION ALL
    SELECT a.figure_id, f.doc_id, entity_of(a.ext_dbs[1], a.ext_ids[1], a.text), a.entity_type, 'curator'
    FROM out.annotations AS a JOIN out.figures AS f USING (figure_id)
) AS u
JOIN out.documents AS d USING (doc_id)
WHERE (u.entity_id, u.entity_type) IN (SELECT (entity_id, entity_type) FROM entity_ids_of(entity))
  AND d.last_night >= since AND d.status <> 'retracted'
GROUP BY ALL
ORDER BY d.last_night DESC, n_uses DESC, d.doc_id;
