-- Preprints and their articles: documents that stated links connect, each with the least of their ids.
CREATE TABLE work.clusters AS
WITH RECURSIVE links AS (
    SELECT e.doc_id AS a, coalesce(n.doc_id, e.notice_id) AS b
    FROM cur.events AS e
    LEFT JOIN cur.aliases AS n ON n.alias = e.notice_id
    WHERE e.event = 'preprint_of' AND e.notice_id IS NOT NULL
),
pairs AS (
    SELECT DISTINCT unnest([a, b]) AS doc_id, unnest([b, a]) AS twin
    FROM links
    WHERE a <> b AND a IN (SELECT doc_id FROM work.documents) AND b IN (SELECT doc_id FROM work.documents)
),
reached(doc_id, other) AS (
    SELECT doc_id, twin FROM pairs
    UNION
    SELECT r.doc_id, p.twin FROM reached AS r JOIN pairs AS p ON p.doc_id = r.other
)
SELECT doc_id, least(doc_id, min(other)) AS cluster_id FROM reached GROUP BY doc_id;
