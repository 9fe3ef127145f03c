-- Statements about documents that the corpus holds come first: lists name many that it does not.
INSERT INTO gen.out.document_events BY NAME
SELECT
    e.event_id, e.doc_id, e.kind, e.event, e.event_date, e.source, e.notice_id, e.detail,
    d.doc_id IS NOT NULL AS is_known_document, e.night, e.raw_sha256
FROM (
    SELECT event_id, doc_id, kind, event, event_date, source, notice_id, detail, night, raw_sha256 FROM cur.events
    UNION ALL BY NAME
    SELECT * FROM cur.licence_changes
    UNION ALL BY NAME
    SELECT left(sha256('withdrawn' || event_id), 16) AS event_id, doc_id, 'integrity' AS kind, 'statement_withdrawn' AS event,
        source, event || ' (' || coalesce(detail, 'no words') || '): the last record of ' || source
            || ' does not say it any more' AS detail, night, raw_sha256
    FROM cur.withdrawn_statements
) AS e
LEFT JOIN work.documents AS d ON d.doc_id = e.doc_id
ORDER BY is_known_document DESC, e.doc_id, e.event_date, e.event_id;
