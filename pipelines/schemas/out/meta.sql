CREATE TABLE meta (
  generation VARCHAR NOT NULL,
  corpus_version VARCHAR NOT NULL,
  corpus_md5 VARCHAR NOT NULL,
  last_night DATE NOT NULL,
  serving_set VARCHAR NOT NULL,
  inputs_sha256 VARCHAR NOT NULL,
  schema_version INTEGER NOT NULL,
  published_at TIMESTAMP NOT NULL,
  roles_note VARCHAR NOT NULL,
  panels_note VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE meta IS 'One row: what this generation is.';
COMMENT ON COLUMN meta.generation IS 'Name of this file''s generation';
COMMENT ON COLUMN meta.corpus_version IS 'Corpus tag';
COMMENT ON COLUMN meta.corpus_md5 IS 'md5 of data.dvc';
COMMENT ON COLUMN meta.last_night IS 'Last closed night';
COMMENT ON COLUMN meta.serving_set IS 'The models behind mentions and panels, as JSON';
COMMENT ON COLUMN meta.inputs_sha256 IS 'Hash of all that this generation was built from: equal inputs are not published twice';
COMMENT ON COLUMN meta.schema_version IS 'Raised when a column is renamed or removed';
COMMENT ON COLUMN meta.published_at IS 'When it was published, UTC';
COMMENT ON COLUMN meta.roles_note IS 'Where roles come from, and why out.hypotheses may be empty';
COMMENT ON COLUMN meta.panels_note IS 'Where panels come from';
COMMENT ON COLUMN meta.is_synthetic IS 'True when it holds sample data';
