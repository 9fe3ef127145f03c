-- Every identifier, the document's own id included, so that one look-up serves all of them; without those of documents
-- that only auxiliary deliveries name.
INSERT INTO gen.out.id_aliases BY NAME
SELECT a.alias, a.doc_id, a.source FROM cur.aliases AS a
WHERE a.doc_id NOT IN (SELECT doc_id FROM cur.auxiliary_figures) OR a.doc_id IN (SELECT doc_id FROM work.documents)
UNION ALL
SELECT d.doc_id, d.doc_id, d.source
FROM work.documents AS d
ANTI JOIN cur.aliases AS a ON a.alias = d.doc_id
ORDER BY doc_id, alias;
