-- One row a document: the current publication, else what a curator delivery says of it.
CREATE TABLE work.documents AS
SELECT d.*, min(d.night) OVER whole AS first_night, count(*) OVER (PARTITION BY d.doc_id, d.kind) AS n_revisions
FROM (
    SELECT * EXCLUDE (copy)
    FROM (
        SELECT *, row_number() OVER (PARTITION BY doc_id, kind, record_sha256 ORDER BY rank) AS copy
        FROM cur.document_revisions
    )
    WHERE copy = 1
) AS d
WINDOW whole AS (PARTITION BY d.doc_id)
QUALIFY row_number() OVER (PARTITION BY d.doc_id ORDER BY d.kind DESC, d.rank) = 1;
