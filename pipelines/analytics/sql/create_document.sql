CREATE MACRO main.document(name) AS TABLE
SELECT d.*, (SELECT list(a.alias ORDER BY a.alias) FROM out.id_aliases AS a WHERE a.doc_id = d.doc_id) AS aliases
FROM out.documents AS d
WHERE d.doc_id = doc_id_of(name);
