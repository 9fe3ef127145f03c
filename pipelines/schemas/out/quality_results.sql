CREATE TABLE quality_results (
  night DATE NOT NULL,
  run_key VARCHAR NOT NULL,
  suite VARCHAR NOT NULL,
  expectation VARCHAR NOT NULL,
  severity VARCHAR NOT NULL,
  success BOOLEAN NOT NULL,
  n_checked BIGINT NOT NULL,
  n_unexpected BIGINT NOT NULL,
  observed VARCHAR
);
COMMENT ON TABLE quality_results IS 'Result of every expectation of every night.';
COMMENT ON COLUMN quality_results.night IS 'Night';
COMMENT ON COLUMN quality_results.run_key IS 'Run';
COMMENT ON COLUMN quality_results.suite IS 'Suite: the table it checks';
COMMENT ON COLUMN quality_results.expectation IS 'Rule';
COMMENT ON COLUMN quality_results.severity IS 'critical (rows to quarantine or night stopped), warning or info';
COMMENT ON COLUMN quality_results.success IS 'Whether it held';
COMMENT ON COLUMN quality_results.n_checked IS 'Rows checked';
COMMENT ON COLUMN quality_results.n_unexpected IS 'Rows that failed';
COMMENT ON COLUMN quality_results.observed IS 'Observed value, for table rules';
