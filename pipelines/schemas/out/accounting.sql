CREATE TABLE accounting (
  night DATE NOT NULL,
  run_key VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  unit VARCHAR NOT NULL,
  n_in BIGINT NOT NULL,
  valid BIGINT NOT NULL,
  quarantined BIGINT NOT NULL,
  duplicate BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  ignored BIGINT NOT NULL
);
COMMENT ON TABLE accounting IS 'Where every unit went: n_in = valid + quarantined + duplicate + unchanged + ignored.';
COMMENT ON COLUMN accounting.night IS 'Night';
COMMENT ON COLUMN accounting.run_key IS 'Run';
COMMENT ON COLUMN accounting.stage IS 'pull, parse, check or freeze; publish (annotations that the current legends still hold; a rejected one stays on the curator''s own figure)';
COMMENT ON COLUMN accounting.unit IS 'file, record (of PubMed), delivery, document, alias, figure, deletion (of a figure, by its sender), panel, annotation, pretag or event';
COMMENT ON COLUMN accounting.n_in IS 'Units that came in';
COMMENT ON COLUMN accounting.valid IS 'Went on';
COMMENT ON COLUMN accounting.quarantined IS 'Rejected with a reason';
COMMENT ON COLUMN accounting.duplicate IS 'Same content twice in the run';
COMMENT ON COLUMN accounting.unchanged IS 'Already known';
COMMENT ON COLUMN accounting.ignored IS 'Left out by a listed pattern';
