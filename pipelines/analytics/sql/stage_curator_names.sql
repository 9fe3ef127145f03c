-- What a name stands for by most of the curators' annotations of it: more than half of them name the same id.
CREATE TABLE work.curator_names AS
WITH named AS (
    SELECT entity_type, lower(text) AS name, unnest(ext_ids) AS ext_id, unnest(ext_dbs) AS ext_db, text
    FROM work.annotations
    WHERE len(ext_ids) = 1 AND ext_dbs[1] <> '' AND NOT is_floating AND is_gold
      AND doc_id NOT IN (SELECT doc_id FROM cur.status WHERE status = 'retracted')
),
counted AS (
    SELECT entity_type, name, ext_id, ext_db, count(*) AS n, sum(count(*)) OVER (PARTITION BY entity_type, name) AS total
    FROM named
    GROUP BY entity_type, name, ext_id, ext_db
),
titles AS (
    SELECT entity_type, ext_db, ext_id, text
    FROM named
    GROUP BY entity_type, ext_db, ext_id, text
    QUALIFY row_number() OVER (PARTITION BY entity_type, ext_db, ext_id ORDER BY count(*) DESC, text) = 1
)
SELECT c.entity_type, c.name, c.ext_id, c.ext_db, t.text AS ext_name
FROM counted AS c
JOIN titles AS t USING (entity_type, ext_db, ext_id)
WHERE 2 * c.n > c.total;
