INSERT INTO work.role_spans BY NAME
SELECT legend_sha256, start_offset, end_offset, label, score, run_id, $entity_type AS entity_type
FROM read_parquet($paths);
