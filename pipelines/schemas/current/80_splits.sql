-- Split of each document and whether it is kept out of training; membership moves only where two ids proved to be one.
CREATE VIEW cur.splits AS
SELECT
    coalesce(a.doc_id, s.doc_id) AS doc_id,
    max_by(s.split, (CASE s.split WHEN 'test' THEN 2 WHEN 'dev' THEN 1 ELSE 0 END)) FILTER (s.kind = 'membership') AS split,
    max(s.reason) FILTER (s.kind = 'exclusion') AS exclusion
FROM corpus.splits AS s
LEFT JOIN cur.aliases AS a ON a.alias = s.doc_id
GROUP BY ALL;
