-- Every benchmark version of every task: what it holds, and how much of it is not current any more.
SELECT b.task, b.benchmark_version, any_value(b.seq) AS seq, count(DISTINCT b.doc_id) AS n_documents, count(*) AS n_figures,
       sum(b.n_spans)::BIGINT AS n_spans, any_value(b.reason) AS reason,
       b.benchmark_version = max(b.benchmark_version) OVER (PARTITION BY b.task) AS is_newest,
       count(*) FILTER (f.figure_id IS NULL) AS n_not_current,
       count(DISTINCT b.doc_id) FILTER (s.status = 'retracted') AS n_retracted
FROM corpus.benchmark AS b
LEFT JOIN cur.gold_figures AS f ON f.figure_id = b.figure_id AND f.record_sha256 = b.record_sha256
LEFT JOIN cur.status AS s ON s.doc_id = f.doc_id
GROUP BY b.task, b.benchmark_version
ORDER BY b.task, b.benchmark_version
