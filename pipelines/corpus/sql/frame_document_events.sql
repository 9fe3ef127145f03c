-- Statements about documents that hold, each once.
SELECT * FROM cur.events ORDER BY doc_id, event_date, event_id
