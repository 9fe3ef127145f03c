-- Changes of licence, between one revision of a publication and the next in the order of *current*: worked out here and
-- not written by freeze, so that they are the same whatever the order of arrival.
CREATE VIEW cur.licence_changes AS
SELECT
    left(sha256(concat_ws(chr(31), doc_id, record_sha256, before, licence)), 16) AS event_id,
    doc_id, 'licence' AS kind, 'licence_change' AS event, stated_date AS event_date, source,
    'from ' || before || ' to ' || licence || coalesce(': ' || licence_evidence, '') AS detail, night, raw_sha256
FROM (
    SELECT *, lag(licence) OVER (PARTITION BY doc_id ORDER BY rank DESC) AS before
    FROM cur.document_revisions
    WHERE kind = 'publication'
)
WHERE licence <> before;
