CREATE TABLE model_scores (
  task VARCHAR NOT NULL,
  model_version VARCHAR NOT NULL,
  tagger VARCHAR NOT NULL,
  corpus_version VARCHAR NOT NULL,
  benchmark_version INTEGER NOT NULL,
  split VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  precision DOUBLE NOT NULL,
  recall DOUBLE NOT NULL,
  f1 DOUBLE NOT NULL,
  f1_low DOUBLE NOT NULL,
  f1_high DOUBLE NOT NULL,
  support BIGINT NOT NULL
);
COMMENT ON TABLE model_scores IS 'Scores of models and plain baselines, word-level strict spans, with 95 % intervals by document bootstrap.';
COMMENT ON COLUMN model_scores.task IS 'Task';
COMMENT ON COLUMN model_scores.model_version IS 'Version in the registry, or the baseline''s name';
COMMENT ON COLUMN model_scores.tagger IS 'encoder, crf, dictionary or rule';
COMMENT ON COLUMN model_scores.corpus_version IS 'Corpus tag of the comparison';
COMMENT ON COLUMN model_scores.benchmark_version IS 'Benchmark version';
COMMENT ON COLUMN model_scores.split IS 'benchmark, dev, or fresh: test documents that came after the model was trained; never compared';
COMMENT ON COLUMN model_scores.label IS 'micro or a class';
COMMENT ON COLUMN model_scores.precision IS 'Precision';
COMMENT ON COLUMN model_scores.recall IS 'Recall';
COMMENT ON COLUMN model_scores.f1 IS 'F1';
COMMENT ON COLUMN model_scores.f1_low IS 'Lower bound of the 95 % interval';
COMMENT ON COLUMN model_scores.f1_high IS 'Upper bound';
COMMENT ON COLUMN model_scores.support IS 'Gold spans';
