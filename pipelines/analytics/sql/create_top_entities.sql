CREATE MACRO main.top_entities(kind := NULL, n := 20) AS TABLE
SELECT e.name, e.entity_type, e.entity_id, e.n_documents, e.n_mentions, e.n_annotations
FROM out.entities AS e
WHERE kind IS NULL OR e.entity_type = upper(kind)
ORDER BY e.n_documents DESC, e.n_mentions DESC, e.entity_id
LIMIT n;
