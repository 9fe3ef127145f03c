-- The rows of the newest benchmark of every task, as they are stored.
SELECT b.task, b.benchmark_version, b.doc_id, b.figure_id, b.record_sha256, b.n_spans, b.reason
FROM corpus.benchmark AS b
QUALIFY b.benchmark_version = max(b.benchmark_version) OVER (PARTITION BY b.task)
ORDER BY b.task, b.figure_id
