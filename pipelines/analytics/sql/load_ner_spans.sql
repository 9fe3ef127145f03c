-- What the serving model read; where two runs read the same legend, the first one's words hold.
INSERT INTO work.ner_spans BY NAME
SELECT legend_sha256, start_offset, end_offset, label, score, run_id
FROM read_parquet($paths)
QUALIFY row_number() OVER (PARTITION BY legend_sha256, start_offset, end_offset, label ORDER BY run_id, score DESC) = 1;
