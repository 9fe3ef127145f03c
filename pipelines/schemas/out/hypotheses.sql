CREATE TABLE hypotheses (
  hypothesis_id VARCHAR NOT NULL,
  controlled_id VARCHAR NOT NULL,
  controlled_name VARCHAR NOT NULL,
  controlled_type VARCHAR NOT NULL,
  measured_id VARCHAR NOT NULL,
  measured_name VARCHAR NOT NULL,
  measured_type VARCHAR NOT NULL,
  role_source VARCHAR NOT NULL,
  n_panels BIGINT NOT NULL,
  n_papers BIGINT NOT NULL,
  evidence VARCHAR[] NOT NULL
);
COMMENT ON TABLE hypotheses IS 'Pairs controlled → measured inside one panel: candidates, not asserted facts.';
COMMENT ON COLUMN hypotheses.hypothesis_id IS 'Hash of the pair';
COMMENT ON COLUMN hypotheses.controlled_id IS 'Id (or folded text) of the controlled entity';
COMMENT ON COLUMN hypotheses.controlled_name IS 'Its most used text';
COMMENT ON COLUMN hypotheses.controlled_type IS 'Its entity type';
COMMENT ON COLUMN hypotheses.measured_id IS 'Id (or folded text) of the measured entity';
COMMENT ON COLUMN hypotheses.measured_name IS 'Its most used text';
COMMENT ON COLUMN hypotheses.measured_type IS 'Its entity type';
COMMENT ON COLUMN hypotheses.role_source IS 'curator or model';
COMMENT ON COLUMN hypotheses.n_panels IS 'Panels that support the pair';
COMMENT ON COLUMN hypotheses.n_papers IS 'Documents that support it';
COMMENT ON COLUMN hypotheses.evidence IS 'Up to 20 panel ids';
