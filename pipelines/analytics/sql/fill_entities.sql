INSERT INTO gen.out.entities BY NAME
WITH uses AS (
    SELECT entity_of(m.ext_db, m.ext_id, m.text) AS entity_id, m.entity_type, m.ext_db, m.ext_id, m.text,
           m.ext_name, m.doc_id, true AS is_mention
    FROM gen.out.mentions AS m
    UNION ALL
    SELECT entity_of(a.ext_dbs[1], a.ext_ids[1], a.text), a.entity_type, nullif(a.ext_dbs[1], ''),
           CASE WHEN a.ext_dbs[1] <> '' THEN a.ext_ids[1] END, a.text,
           NULL, f.doc_id, false
    FROM gen.out.annotations AS a
    JOIN gen.out.figures AS f USING (figure_id)
),
named AS (
    SELECT entity_id, entity_type, list(text ORDER BY n DESC, text)[:20] AS names
    FROM (SELECT entity_id, entity_type, text, count(*) AS n FROM uses GROUP BY ALL)
    GROUP BY ALL
)
SELECT
    u.entity_id, u.entity_type, coalesce(max(u.ext_name), any_value(n.names)[1]) AS name, max(u.ext_db) AS ext_db,
    max(u.ext_id) AS ext_id, any_value(n.names) AS names, count(*) FILTER (u.is_mention) AS n_mentions,
    count(*) FILTER (NOT u.is_mention) AS n_annotations, count(DISTINCT u.doc_id) AS n_documents,
    min(d.first_night) AS first_night, max(d.last_night) AS last_night
FROM uses AS u
JOIN named AS n USING (entity_id, entity_type)
JOIN gen.out.documents AS d ON d.doc_id = u.doc_id AND d.status <> 'retracted'
GROUP BY u.entity_id, u.entity_type
ORDER BY n_documents DESC, u.entity_id, u.entity_type;
