SELECT 'document' AS kind, d.doc_id AS id, d.doc_id, d.title, d.status, d.licence, d.source, d.delivery_id, d.raw_sha256,
       d.record_sha256, d.last_night AS night, m.corpus_version, NULL AS model_version, NULL AS run_id, d.split, d.first_night,
       d.n_revisions
FROM out.documents AS d
CROSS JOIN out.meta AS m
WHERE d.doc_id = doc_id_of($id);
