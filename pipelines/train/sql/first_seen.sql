-- The version that first had each document, by the id it goes by now.
SELECT coalesce(a.doc_id, s.doc_id) AS doc_id, min(s.seq) AS first_seq
FROM corpus.splits AS s
LEFT JOIN cur.aliases AS a ON a.alias = s.doc_id
WHERE s.kind = 'membership'
GROUP BY ALL
