-- The frozen benchmark of each task, its newest version: the revision that was frozen, whatever is current now.
SELECT
    b.task, b.benchmark_version, f.figure_id, b.doc_id, f.legend, f.record_sha256, f.delivery_id, f.raw_sha256,
    d.annotated_types, d.has_roles, d.review_stage, d.is_synthetic
FROM corpus.benchmark AS b
JOIN corpus.figures AS f ON f.figure_id = b.figure_id AND f.record_sha256 = b.record_sha256
JOIN cur.deliveries AS d ON d.delivery_id = f.delivery_id
QUALIFY b.benchmark_version = max(b.benchmark_version) OVER (PARTITION BY b.task)
    AND row_number() OVER (PARTITION BY b.task, b.benchmark_version, f.figure_id ORDER BY f.seq, f.raw_sha256) = 1
ORDER BY b.task, f.figure_id
