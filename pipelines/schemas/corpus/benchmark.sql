CREATE TABLE benchmark (
  task VARCHAR NOT NULL,
  benchmark_version INTEGER NOT NULL,
  doc_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  n_spans INTEGER NOT NULL,
  reason VARCHAR NOT NULL
);
COMMENT ON TABLE benchmark IS 'One row per figure of a frozen benchmark version.';
COMMENT ON COLUMN benchmark.task IS 'panelization, ner, roles_gene or roles_small_mol';
COMMENT ON COLUMN benchmark.benchmark_version IS '1 is written once test is large enough and never changes';
COMMENT ON COLUMN benchmark.doc_id IS 'Document, of split test';
COMMENT ON COLUMN benchmark.figure_id IS 'Curated figure';
COMMENT ON COLUMN benchmark.record_sha256 IS 'Revision of the curated figure that is the gold';
COMMENT ON COLUMN benchmark.n_spans IS 'Gold spans of the task in it';
COMMENT ON COLUMN benchmark.reason IS 'Why this version was written';
