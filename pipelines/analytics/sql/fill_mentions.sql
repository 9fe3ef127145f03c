-- What the serving model read in every current legend of documents that stand. A role or an id that a curator gave to
-- exactly this mention comes before a model's or a dictionary's.
INSERT INTO gen.out.mentions BY NAME
WITH truth AS (
    SELECT figure_id, start_offset, end_offset, entity_type, max(role) AS role,
           max_by(ext_ids, annotation_id) FILTER (ext_dbs[1] <> '') AS ext_ids,
           max_by(ext_dbs, annotation_id) FILTER (ext_dbs[1] <> '') AS ext_dbs
    FROM work.annotations
    WHERE start_offset IS NOT NULL AND is_gold
    GROUP BY ALL
),
names AS (
    SELECT entity_type, ext_db, ext_id, any_value(ext_name) AS ext_name FROM work.curator_names GROUP BY ALL
)
SELECT
    left(sha256(concat_ws(chr(31), f.figure_id, f.legend_sha256, n.start_offset, n.end_offset, n.label)), 20) AS mention_id,
    f.figure_id, f.doc_id, CASE WHEN n.start_offset < p.end_offset THEN p.panel_id END AS panel_id,
    n.start_offset, n.end_offset, n.text, n.label AS entity_type,
    coalesce(t.role, r.role, v.role) AS role,
    CASE WHEN t.role IS NOT NULL THEN 'curator' WHEN v.role IS NOT NULL THEN 'model' END AS role_source,
    n.score, CASE WHEN t.role IS NULL THEN r.score END AS role_score,
    coalesce(t.ext_ids[1], c.ext_id, l.ext_id) AS ext_id,
    CASE WHEN t.ext_ids[1] IS NOT NULL THEN t.ext_dbs[1] WHEN c.ext_id IS NOT NULL THEN c.ext_db ELSE l.ext_db END AS ext_db,
    CASE WHEN t.ext_ids[1] IS NOT NULL THEN coalesce(k.ext_name, n.text)
         WHEN c.ext_id IS NOT NULL THEN c.ext_name ELSE l.ext_name END AS ext_name,
    CASE WHEN t.ext_ids[1] IS NOT NULL THEN 'curator' WHEN c.ext_id IS NOT NULL THEN 'curators'
         ELSE l.source END AS link_source,
    $model_version AS model_version,
    CASE WHEN t.role IS NULL THEN v.model_version END AS role_model_version,
    $fingerprint AS fingerprint, $corpus_version AS corpus_version, n.run_id
FROM (
    SELECT f.figure_id, f.legend_sha256, f.doc_id, s.start_offset, s.end_offset, s.label, s.score, s.run_id,
           substring(f.legend, s.start_offset + 1, s.end_offset - s.start_offset) AS text
    FROM work.figures AS f
    JOIN work.ner_spans AS s ON s.legend_sha256 = f.legend_sha256
    WHERE f.doc_id NOT IN (SELECT doc_id FROM cur.status WHERE status = 'retracted')
) AS n
JOIN work.figures AS f ON f.figure_id = n.figure_id
ASOF LEFT JOIN work.panels AS p ON p.figure_id = n.figure_id AND p.start_offset <= n.start_offset
LEFT JOIN truth AS t
    ON t.figure_id = n.figure_id AND t.start_offset = n.start_offset AND t.end_offset = n.end_offset AND t.entity_type = n.label
LEFT JOIN work.role_models AS v ON v.entity_type = n.label
LEFT JOIN work.roles AS r
    ON r.legend_sha256 = n.legend_sha256 AND r.start_offset = n.start_offset AND r.end_offset = n.end_offset
   AND r.entity_type = n.label
LEFT JOIN work.curator_names AS c ON c.entity_type = n.label AND c.name = lower(n.text)
LEFT JOIN work.links AS l ON l.entity_type = n.label AND l.name = n.text
LEFT JOIN names AS k ON k.entity_type = n.label AND k.ext_db = t.ext_dbs[1] AND k.ext_id = t.ext_ids[1]
ORDER BY n.figure_id, n.start_offset, n.end_offset, n.label;
