-- One row a document: the current publication, else what a curator delivery says of it. A revision that came back counts
-- once, the night it first came stays the first.
CREATE TABLE work.documents AS
SELECT d.*, count(*) OVER (PARTITION BY d.doc_id, d.kind) AS n_revisions
FROM (
    SELECT * EXCLUDE (copy)
    FROM (
        SELECT *, min(night) OVER (PARTITION BY doc_id) AS first_night,
            row_number() OVER (PARTITION BY doc_id, kind, record_sha256 ORDER BY rank) AS copy
        FROM cur.licensed_revisions
    )
    WHERE copy = 1
) AS d
QUALIFY row_number() OVER (PARTITION BY d.doc_id ORDER BY d.kind DESC, d.rank) = 1;
