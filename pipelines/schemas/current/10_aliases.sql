-- Every alias with the document it names now: the latest version's word holds (two ids may prove to be one document).
CREATE VIEW cur.aliases AS
SELECT alias, max_by(doc_id, (seq, doc_id)) AS doc_id, max_by(source, (seq, source)) AS source
FROM corpus.id_aliases
GROUP BY alias;
