-- Documents by the newer version's word, so that one which got another id, or proved to be another, is one on both sides.
CREATE TEMP VIEW diff_names AS
SELECT alias, max_by(doc_id, (seq, doc_id)) AS doc_id
FROM (FROM before.corpus.id_aliases UNION ALL FROM after.corpus.id_aliases)
GROUP BY alias
