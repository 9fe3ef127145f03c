-- Every identifier, the document's own id included, so that one look-up serves all of them.
INSERT INTO gen.out.id_aliases BY NAME
SELECT alias, doc_id, source FROM cur.aliases
UNION ALL
SELECT d.doc_id, d.doc_id, d.source
FROM work.documents AS d
ANTI JOIN cur.aliases AS a ON a.alias = d.doc_id
ORDER BY doc_id, alias;
