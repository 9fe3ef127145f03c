-- What the digest calls a document: the least of its aliases, whatever order they were learnt in.
CREATE OR REPLACE TEMP VIEW digest_names AS
SELECT doc_id, min(alias) AS name FROM cur.aliases GROUP BY doc_id;
