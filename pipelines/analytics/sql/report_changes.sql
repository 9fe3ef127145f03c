-- What came in: statements about documents first, then documents revised or first seen in the last night.
SELECT what, doc_id, detail, source
FROM (
    SELECT 1 AS no, e.event AS what, e.doc_id, coalesce(e.detail, d.title) AS detail, e.source
    FROM out.document_events AS e
    CROSS JOIN out.meta AS m
    LEFT JOIN out.documents AS d ON d.doc_id = e.doc_id
    WHERE e.night = m.last_night
    UNION ALL
    SELECT 2, 'revised document', d.doc_id, d.title, d.source FROM out.documents AS d, out.meta AS m
    WHERE d.last_night = m.last_night AND d.first_night < m.last_night
    UNION ALL
    SELECT 3, 'new document', d.doc_id, d.title, d.source FROM out.documents AS d, out.meta AS m
    WHERE d.first_night = m.last_night
)
ORDER BY no, what, doc_id;
