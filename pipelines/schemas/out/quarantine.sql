CREATE TABLE quarantine (
  issue_id VARCHAR NOT NULL,
  night DATE NOT NULL,
  last_night DATE NOT NULL,
  source VARCHAR NOT NULL,
  unit VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  message VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  locator VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  sender VARCHAR NOT NULL,
  rule VARCHAR NOT NULL,
  rule_version VARCHAR NOT NULL,
  n_nights BIGINT NOT NULL,
  settled_by VARCHAR NOT NULL,
  owner VARCHAR NOT NULL,
  note VARCHAR NOT NULL,
  payload VARCHAR NOT NULL
);
COMMENT ON TABLE quarantine IS 'Rejected units, each an issue with an id that is stable over nights.';
COMMENT ON COLUMN quarantine.issue_id IS 'Hash of (source, unit, reason, name, locator): the same fault has the same id every night';
COMMENT ON COLUMN quarantine.night IS 'Night it was first rejected';
COMMENT ON COLUMN quarantine.last_night IS 'Night it was last rejected';
COMMENT ON COLUMN quarantine.source IS 'Source';
COMMENT ON COLUMN quarantine.unit IS 'file, delivery (with all that came in it), document, alias, figure, deletion (taken in, but of nothing), panel, annotation or event';
COMMENT ON COLUMN quarantine.reason IS 'Reason code';
COMMENT ON COLUMN quarantine.status IS 'open, fixed (a later run accepted it) or waived (somebody decided that it may stay so, or a purge did), when this was published';
COMMENT ON COLUMN quarantine.message IS 'What is wrong and what was expected, in words';
COMMENT ON COLUMN quarantine.name IS 'File or archive member it came from';
COMMENT ON COLUMN quarantine.locator IS 'Where in it';
COMMENT ON COLUMN quarantine.delivery_id IS 'Delivery';
COMMENT ON COLUMN quarantine.raw_sha256 IS 'Raw object';
COMMENT ON COLUMN quarantine.sender IS 'Who delivered it; empty where unknown';
COMMENT ON COLUMN quarantine.rule IS 'Rule that rejected it as suite.rule, or the step: pull, parse, freeze';
COMMENT ON COLUMN quarantine.rule_version IS 'Version of the rule or parser; empty where a file was rejected before any parser read it';
COMMENT ON COLUMN quarantine.n_nights IS 'Nights in which it was rejected';
COMMENT ON COLUMN quarantine.settled_by IS 'Delivery or replay that fixed it, or who waived it, when and why; empty while open';
COMMENT ON COLUMN quarantine.owner IS 'Who looks after it; empty while nobody does';
COMMENT ON COLUMN quarantine.note IS 'What the owner noted';
COMMENT ON COLUMN quarantine.payload IS 'The rejected row as JSON';
