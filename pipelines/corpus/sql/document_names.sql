-- Every name of the document that $alias names now, itself among them; none where the corpus has no such row. An id that
-- became another document's links the two no more.
WITH RECURSIVE links AS (
    SELECT alias, max_by(doc_id, (seq, doc_id)) AS doc_id FROM corpus.id_aliases GROUP BY alias
),
linked(name) AS (
    SELECT alias FROM links WHERE alias = $alias OR doc_id = $alias
    UNION
    SELECT unnest([a.alias, a.doc_id]) FROM links AS a JOIN linked AS l ON l.name IN (a.alias, a.doc_id)
)
SELECT name FROM linked ORDER BY name
