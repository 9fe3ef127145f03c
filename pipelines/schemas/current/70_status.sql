-- Where a document stands: a retraction holds until a later reinstatement; then concern, then correction.
CREATE VIEW cur.status AS
SELECT
    doc_id,
    CASE
        WHEN max(coalesce(event_date, night)) FILTER (event = 'retraction')
             > coalesce(max(coalesce(event_date, night)) FILTER (event = 'reinstatement'), DATE '0001-01-01') THEN 'retracted'
        WHEN max(coalesce(event_date, night)) FILTER (event = 'expression_of_concern')
             > coalesce(max(coalesce(event_date, night)) FILTER (event = 'reinstatement'), DATE '0001-01-01') THEN 'concern'
        WHEN count(*) FILTER (event = 'correction') > 0 THEN 'corrected'
        ELSE 'current'
    END AS status
FROM cur.events
WHERE kind = 'integrity'
GROUP BY doc_id;
