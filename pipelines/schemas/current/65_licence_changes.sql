-- Changes of the licence that holds of a publication: between one revision and the next in the order of *current*, and
-- where a provider's word comes or changes while the article itself states none. Worked out here and not written by
-- freeze, so that they are the same whatever the order of arrival. A revision is judged by what providers had said by the
-- night it came in, whatever date it states: metadata that come with an article change nothing.
CREATE VIEW cur.licence_changes AS
WITH revisions AS (
    SELECT *, coalesce(stated_date, night) AS stamp FROM cur.document_revisions WHERE kind = 'publication'
),
statements AS (
    FROM cur.licence_statements WHERE doc_id IN (SELECT doc_id FROM revisions WHERE licence = 'unknown')
),
ordered AS (
    SELECT *, row_number() OVER (PARTITION BY doc_id ORDER BY stamp, place DESC NULLS LAST, length(delivery_id), delivery_id,
                                 source, raw_sha256) AS n
    FROM (
        SELECT doc_id, stamp, rank AS place, greatest(night, stamp) AS as_of, stated_date AS event_date, night, source,
            delivery_id, record_sha256, raw_sha256, licence, licence_evidence
        FROM revisions
        UNION ALL BY NAME
        SELECT doc_id, night AS stamp, night AS as_of, night, source, delivery_id, record_sha256, raw_sha256
        FROM statements
    )
),
moments AS (
    SELECT * EXCLUDE (licence, licence_evidence),
        last_value(licence IGNORE NULLS) OVER so_far AS own,
        last_value(CASE WHEN licence IS NOT NULL THEN coalesce(licence_evidence, '') END IGNORE NULLS) OVER so_far
            AS own_evidence
    FROM ordered
    WINDOW so_far AS (PARTITION BY doc_id ORDER BY n)
),
filled AS (
    FROM (
        SELECT m.n, s.*
        FROM moments AS m
        JOIN statements AS s ON s.doc_id = m.doc_id AND s.night <= m.as_of
        WHERE m.own = 'unknown'
        QUALIFY row_number() OVER (
            PARTITION BY m.doc_id, m.n, s.source
            ORDER BY s.night DESC, length(s.delivery_id) DESC, s.delivery_id DESC, s.strictness, s.raw_sha256
        ) = 1
    )
    WHERE licence <> 'unknown'
    QUALIFY row_number() OVER (PARTITION BY doc_id, n ORDER BY strictness, source) = 1
),
held AS (
    SELECT *, lag(licence) OVER (PARTITION BY doc_id ORDER BY n) AS before
    FROM (
        SELECT m.*, coalesce(f.licence, m.own) AS licence, coalesce(f.evidence, nullif(m.own_evidence, '')) AS evidence
        FROM moments AS m
        LEFT JOIN filled AS f USING (doc_id, n)
        WHERE m.own IS NOT NULL
    )
)
SELECT
    left(sha256(concat_ws(chr(31), doc_id, stamp, record_sha256, before, licence)), 16) AS event_id,
    doc_id, 'licence' AS kind, 'licence_change' AS event, event_date, source,
    'from ' || before || ' to ' || licence || coalesce(': ' || evidence, '') AS detail, night, raw_sha256
FROM held
WHERE licence <> before;
