-- Of these contents (hashes of revisions, ids of statements) those that the corpus holds, in whatever delivery.
SELECT record_sha256 AS content FROM corpus.documents WHERE record_sha256 IN (SELECT unnest($contents))
UNION
SELECT record_sha256 FROM corpus.figures WHERE record_sha256 IN (SELECT unnest($contents))
UNION
SELECT event_id FROM corpus.document_events WHERE event_id IN (SELECT unnest($contents))
