-- Raw files that rows of the document with these names were read from.
SELECT raw_sha256 FROM corpus.documents WHERE doc_id IN (SELECT unnest($names))
UNION
SELECT raw_sha256 FROM corpus.figures WHERE doc_id IN (SELECT unnest($names))
