-- One curated document for each five figures.
SELECT
    doc_id, 'curation' AS kind, doc_id AS doi, 'unknown' AS licence, count(*)::INTEGER AS n_figures, any_value(source) AS source,
    any_value(delivery_id) AS delivery_id, any_value(raw_sha256) AS raw_sha256, 1 AS parser_version, 0 AS stated_version,
    sha256(doc_id) AS record_sha256, true AS is_synthetic
FROM figures
GROUP BY doc_id
ORDER BY doc_id;
