-- What providers' records state of an article's licence; `strictness` as in ingest/licences.py.
CREATE VIEW cur.licence_statements AS
SELECT
    doc_id, source, night, delivery_id, raw_sha256, record_sha256, licence,
    list_position(['barred', 'tdm_only', 'noncommercial', 'open', 'unknown'], licence) AS strictness,
    regexp_replace(detail, ' \(\w+\)$', '') || ', stated by ' || source AS evidence
FROM (
    SELECT *, regexp_extract(detail, '\((\w+)\)$', 1) AS licence
    FROM cur.statements
    WHERE event = 'licence_stated'
);

-- The last word of each source counts, of several sources the strictest; one that is not known says nothing.
CREATE VIEW cur.provider_licences AS
FROM (
    FROM cur.licence_statements
    QUALIFY row_number() OVER (
        PARTITION BY doc_id, source
        ORDER BY night DESC, length(delivery_id) DESC, delivery_id DESC, strictness, raw_sha256
    ) = 1
)
WHERE licence <> 'unknown'
QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY strictness, source) = 1;

-- Document revisions with the licence that holds: the article's own word, else the providers'.
CREATE VIEW cur.licensed_revisions AS
SELECT
    d.* REPLACE (
        CASE WHEN d.licence = 'unknown' THEN coalesce(p.licence, d.licence) ELSE d.licence END AS licence,
        CASE WHEN d.licence = 'unknown' THEN coalesce(p.evidence, d.licence_evidence) ELSE d.licence_evidence END
            AS licence_evidence
    )
FROM cur.document_revisions AS d
LEFT JOIN cur.provider_licences AS p USING (doc_id);
