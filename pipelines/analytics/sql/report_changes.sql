-- What came in: documents first seen or revised in the last night, and statements that arrived in it.
SELECT 'new document' AS what, d.doc_id, d.title AS detail, d.source FROM out.documents AS d, out.meta AS m
WHERE d.first_night = m.last_night
UNION ALL
SELECT 'revised document', d.doc_id, d.title, d.source FROM out.documents AS d, out.meta AS m
WHERE d.last_night = m.last_night AND d.first_night < m.last_night
UNION ALL
SELECT e.event, e.doc_id, coalesce(e.detail, d.title), e.source
FROM out.document_events AS e
CROSS JOIN out.meta AS m
LEFT JOIN out.documents AS d ON d.doc_id = e.doc_id
WHERE e.night = m.last_night
ORDER BY 1, 2;
