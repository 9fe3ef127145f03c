-- Figures of the current revision of each publication.
CREATE VIEW cur.publication_figures AS
SELECT f.* EXCLUDE (doc_id), d.doc_id
FROM corpus.figures AS f
JOIN cur.document_revisions AS d
  ON d.kind = 'publication' AND d.rank = 1 AND f.kind = 'publication'
 AND f.record_sha256 = d.record_sha256 AND f.seq = d.seq AND f.delivery_id = d.delivery_id AND f.raw_sha256 = d.raw_sha256;
