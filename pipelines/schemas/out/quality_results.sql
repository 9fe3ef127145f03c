CREATE TABLE quality_results (
  night DATE NOT NULL,
  run_key VARCHAR NOT NULL,
  suite VARCHAR NOT NULL,
  rule VARCHAR NOT NULL,
  rule_version VARCHAR NOT NULL,
  severity VARCHAR NOT NULL,
  success BOOLEAN NOT NULL,
  n_checked BIGINT NOT NULL,
  n_failed BIGINT NOT NULL,
  observed VARCHAR,
  band VARCHAR
);
COMMENT ON TABLE quality_results IS 'Result of every expectation of every night.';
COMMENT ON COLUMN quality_results.night IS 'Night';
COMMENT ON COLUMN quality_results.run_key IS 'Run';
COMMENT ON COLUMN quality_results.suite IS 'Suite: the table it checks';
COMMENT ON COLUMN quality_results.rule IS 'Rule, see infra/docs/quality.md';
COMMENT ON COLUMN quality_results.rule_version IS 'Hash of what the rule was then, with the SQL that works its column out';
COMMENT ON COLUMN quality_results.severity IS 'critical (rows to quarantine or night stopped), warning or info';
COMMENT ON COLUMN quality_results.success IS 'Whether it held';
COMMENT ON COLUMN quality_results.n_checked IS 'Rows checked';
COMMENT ON COLUMN quality_results.n_failed IS 'Rows that failed';
COMMENT ON COLUMN quality_results.observed IS 'Observed value, for rules of the whole night; null where it was not judged';
COMMENT ON COLUMN quality_results.band IS 'What the value may be, both ends included';
