CREATE TABLE deliveries (
  delivery_id VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  sender VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  labels VARCHAR,
  purpose VARCHAR,
  review_stage VARCHAR NOT NULL,
  annotated_types VARCHAR[] NOT NULL,
  has_roles BOOLEAN NOT NULL,
  preannotated_by VARCHAR,
  is_synthetic BOOLEAN NOT NULL,
  stated_date DATE,
  name VARCHAR NOT NULL,
  content_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE deliveries IS 'One row per delivery: who sent what, under which guideline.';
COMMENT ON COLUMN deliveries.delivery_id IS 'source:night:n';
COMMENT ON COLUMN deliveries.source IS 'Source name in the configuration';
COMMENT ON COLUMN deliveries.sender IS 'Who sent it';
COMMENT ON COLUMN deliveries.format IS 'mixed, jats, sourcedata, bioc, bioc-json, pubannotation, pubtator, conll, jsonl or craft';
COMMENT ON COLUMN deliveries.labels IS 'Map of config/labels.toml that gives the delivered types their meaning; null where the types are SourceData''s own';
COMMENT ON COLUMN deliveries.purpose IS 'gold, or auxiliary: no figure''s gold, in no benchmark, learnt from only where a task asks for it; null before the column was there, read as gold';
COMMENT ON COLUMN deliveries.review_stage IS 'machine, curator or author';
COMMENT ON COLUMN deliveries.annotated_types IS 'Entity types that the guideline of the delivery annotates; others are unlabelled in it';
COMMENT ON COLUMN deliveries.has_roles IS 'True where the guideline annotates controlled and measured roles';
COMMENT ON COLUMN deliveries.preannotated_by IS 'Model or serving set whose tags the curator began from, as the delivery states; null where none is stated';
COMMENT ON COLUMN deliveries.is_synthetic IS 'True for sample data';
COMMENT ON COLUMN deliveries.stated_date IS 'Date that the delivery states';
COMMENT ON COLUMN deliveries.name IS 'Folder or archive it came from';
COMMENT ON COLUMN deliveries.content_sha256 IS 'sha256 over its sorted file hashes';
