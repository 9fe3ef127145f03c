-- One row per current document of a version: a publication as soon as there is one.
CREATE VIEW diff_documents AS
SELECT d.doc_id, d.kind, d.title, CASE d.kind WHEN 'publication' THEN d.record_sha256 END AS revision,
       coalesce(s.status, 'current') AS status
FROM cur.document_revisions AS d
LEFT JOIN cur.status AS s USING (doc_id)
WHERE d.rank = 1
QUALIFY row_number() OVER (PARTITION BY d.doc_id ORDER BY d.kind = 'publication' DESC) = 1
