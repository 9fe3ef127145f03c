CREATE TABLE nights (
  night DATE NOT NULL,
  run_key VARCHAR NOT NULL,
  corpus_version VARCHAR,
  status VARCHAR NOT NULL,
  sources_missing VARCHAR[] NOT NULL,
  n_documents BIGINT NOT NULL,
  n_figures BIGINT NOT NULL,
  n_annotations BIGINT NOT NULL,
  n_quarantined BIGINT NOT NULL,
  seconds DOUBLE NOT NULL,
  message VARCHAR NOT NULL
);
COMMENT ON TABLE nights IS 'One row per run of the nightly corpus flow.';
COMMENT ON COLUMN nights.night IS 'Night';
COMMENT ON COLUMN nights.run_key IS 'Night, or night.n for a further run of it';
COMMENT ON COLUMN nights.corpus_version IS 'Corpus tag after the run';
COMMENT ON COLUMN nights.status IS 'published, unchanged, rejected_only, incomplete (a source was missing) or stopped (by quality)';
COMMENT ON COLUMN nights.sources_missing IS 'Sources that could not be read';
COMMENT ON COLUMN nights.n_documents IS 'New or changed documents';
COMMENT ON COLUMN nights.n_figures IS 'New or changed figures';
COMMENT ON COLUMN nights.n_annotations IS 'New or changed annotations';
COMMENT ON COLUMN nights.n_quarantined IS 'Rejected units';
COMMENT ON COLUMN nights.seconds IS 'Wall time of the steps together';
COMMENT ON COLUMN nights.message IS 'What happened, in one sentence';
