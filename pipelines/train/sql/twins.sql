-- Stated pairs of preprint and article, both by the id they go by now.
SELECT e.doc_id, coalesce(a.doc_id, e.notice_id) AS twin
FROM cur.events AS e
LEFT JOIN cur.aliases AS a ON a.alias = e.notice_id
WHERE e.event = 'preprint_of' AND e.notice_id IS NOT NULL AND e.doc_id <> coalesce(a.doc_id, e.notice_id)
