-- Where a document stands, by all statements about it, whatever the order of their arrival. The rule: a document that any
-- source calls retracted is retracted, unless the last dated statement of the two is a reinstatement. On one day the
-- retraction holds; a reinstatement without a date lifts nothing; a retraction without a date (a plain list) counts as
-- older than any date. What a provider's record said and its last record does not say any more is no statement. So does an expression of concern, one step below; then a correction.
CREATE VIEW cur.status AS
SELECT
    doc_id,
    CASE
        WHEN bool_or(event = 'retraction') AND NOT lifts_retraction THEN 'retracted'
        WHEN bool_or(event = 'expression_of_concern') AND NOT lifts_concern THEN 'concern'
        WHEN bool_or(event = 'correction') THEN 'corrected'
        ELSE 'current'
    END AS status
FROM (
    SELECT
        *,
        max(event_date) FILTER (event = 'reinstatement') OVER whole
            > coalesce(max(event_date) FILTER (event = 'retraction') OVER whole, DATE '0001-01-01') IS TRUE
            AS lifts_retraction,
        max(event_date) FILTER (event = 'reinstatement') OVER whole
            > coalesce(max(event_date) FILTER (event = 'expression_of_concern') OVER whole, DATE '0001-01-01') IS TRUE
            AS lifts_concern
    FROM cur.events
    WHERE kind = 'integrity' AND event_id NOT IN (SELECT event_id FROM cur.withdrawn_statements)
    WINDOW whole AS (PARTITION BY doc_id)
)
GROUP BY doc_id, lifts_retraction, lifts_concern;
