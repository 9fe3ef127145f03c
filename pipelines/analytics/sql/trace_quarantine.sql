SELECT 'quarantine' AS kind, q.issue_id AS id, q.reason, q.message, q.name, q.locator, q.source, q.delivery_id,
       q.raw_sha256, q.night, m.corpus_version, NULL AS model_version, NULL AS run_id, q.payload
FROM out.quarantine AS q
CROSS JOIN out.meta AS m
WHERE q.issue_id = $id;
