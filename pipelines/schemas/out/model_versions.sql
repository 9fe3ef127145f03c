CREATE TABLE model_versions (
  task VARCHAR NOT NULL,
  model_version VARCHAR NOT NULL,
  model_name VARCHAR NOT NULL,
  tagger VARCHAR NOT NULL,
  alias VARCHAR,
  fingerprint VARCHAR NOT NULL,
  corpus_version VARCHAR NOT NULL,
  corpus_md5 VARCHAR NOT NULL,
  data_kind VARCHAR NOT NULL,
  run_id VARCHAR NOT NULL,
  f1 DOUBLE,
  decision VARCHAR NOT NULL,
  registered_on DATE
);
COMMENT ON TABLE model_versions IS 'Registered model versions of all tasks.';
COMMENT ON COLUMN model_versions.task IS 'panelization, ner, roles_gene or roles_small_mol';
COMMENT ON COLUMN model_versions.model_version IS 'Version in the registry';
COMMENT ON COLUMN model_versions.model_name IS 'Registered name; synthetic-<task> when trained on sample data';
COMMENT ON COLUMN model_versions.tagger IS 'encoder or crf';
COMMENT ON COLUMN model_versions.alias IS 'champion, challenger or null';
COMMENT ON COLUMN model_versions.fingerprint IS 'Fingerprint: corpus, config, labels, code, weights, seed';
COMMENT ON COLUMN model_versions.corpus_version IS 'Corpus tag it was trained on';
COMMENT ON COLUMN model_versions.corpus_md5 IS 'md5 of data.dvc it was trained on';
COMMENT ON COLUMN model_versions.data_kind IS 'real or synthetic';
COMMENT ON COLUMN model_versions.run_id IS 'MLflow run';
COMMENT ON COLUMN model_versions.f1 IS 'Micro F1 on the benchmark';
COMMENT ON COLUMN model_versions.decision IS 'What the gate decided and why';
COMMENT ON COLUMN model_versions.registered_on IS 'Day of registration';
