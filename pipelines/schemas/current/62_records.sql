-- A provider's record of an article (PMC's metadata, Europe PMC's record) is known by the licence that it states, and is
-- stored with every delivery of it. The last record of a source holds: what an earlier one said of its article and the
-- last does not say any more, the source has taken back. Other sources, lists and notices stand. The order is that of the
-- nights, never that of arrival.
CREATE VIEW cur.withdrawn_statements AS
WITH records AS (
    SELECT DISTINCT doc_id, source, delivery_id, raw_sha256, night
    FROM cur.statements
    WHERE event = 'licence_stated' AND doc_id IN (SELECT doc_id FROM cur.statements WHERE kind = 'integrity')
),
said AS (
    SELECT event_id, doc_id, s.source, s.event, s.detail,
        max((s.night, length(delivery_id), delivery_id)) AS last_said
    FROM cur.statements AS s
    LEFT JOIN records AS r USING (doc_id, source, delivery_id, raw_sha256)
    WHERE s.kind = 'integrity'
    GROUP BY ALL
    HAVING bool_and(r.night IS NOT NULL)
)
SELECT s.event_id, s.doc_id, s.source, s.event, s.detail, r.night, r.raw_sha256
FROM said AS s
JOIN records AS r
  ON r.doc_id = s.doc_id AND r.source = s.source AND (r.night, length(r.delivery_id), r.delivery_id) > s.last_said
QUALIFY row_number() OVER (
    PARTITION BY s.event_id, s.doc_id ORDER BY r.night, length(r.delivery_id), r.delivery_id, r.raw_sha256
) = 1;
