-- The newest benchmark of each task that holds a revision which tombstones hide: its rows, each hidden or not.
SELECT b.task, b.benchmark_version, b.doc_id, b.figure_id, b.record_sha256, b.n_spans,
       NOT EXISTS (
           SELECT 1 FROM corpus.figures AS f
           WHERE f.figure_id = b.figure_id AND f.record_sha256 = b.record_sha256 AND NOT EXISTS (
               SELECT 1 FROM corpus.tombstones AS t
               WHERE t.through_seq >= f.seq AND t.target = CASE t.target_kind
                   WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
           )
       ) AS is_hidden
FROM corpus.benchmark AS b
QUALIFY b.benchmark_version = max(b.benchmark_version) OVER (PARTITION BY b.task)
    AND bool_or(is_hidden) OVER (PARTITION BY b.task, b.benchmark_version)
ORDER BY b.task, b.figure_id
