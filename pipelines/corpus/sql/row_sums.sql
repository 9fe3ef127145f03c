-- Rows of every table with their night, seq and part: how many, and the sum of their hashes; less those of the documents
-- in left_out. Two versions with equal sums hold the same rows, wherever their files put them.
SELECT 'documents' AS tbl, count(*) AS n, coalesce(sum(hash(t)), 0)::VARCHAR AS total FROM corpus.documents AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'figures', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.figures AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'panels', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.panels AS t
WHERE regexp_replace(t.figure_id, '#[^#]*$', '') NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'annotations', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.annotations AS t
WHERE regexp_replace(t.figure_id, '#[^#]*$', '') NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'document_events', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.document_events AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'id_aliases', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.id_aliases AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'splits', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.splits AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'benchmark', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.benchmark AS t
WHERE t.doc_id NOT IN (SELECT name FROM left_out)
UNION ALL SELECT 'deliveries', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.deliveries AS t
UNION ALL SELECT 'tombstones', count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM corpus.tombstones AS t
ORDER BY tbl
