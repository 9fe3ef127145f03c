-- Every name of the document that $alias names now or ever named, itself among them; none where the corpus has no such row.
WITH RECURSIVE linked(name) AS (
    SELECT alias FROM corpus.id_aliases WHERE alias = $alias OR doc_id = $alias
    UNION
    SELECT unnest([a.alias, a.doc_id]) FROM corpus.id_aliases AS a JOIN linked AS l ON l.name IN (a.alias, a.doc_id)
)
SELECT name FROM linked ORDER BY name
