CREATE TABLE splits (
  doc_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  split VARCHAR NOT NULL,
  bucket INTEGER NOT NULL,
  reason VARCHAR
);
COMMENT ON TABLE splits IS 'Split membership of documents (kind membership) and documents left out of training (kind exclusion).';
COMMENT ON COLUMN splits.doc_id IS 'Document';
COMMENT ON COLUMN splits.kind IS 'membership or exclusion';
COMMENT ON COLUMN splits.split IS 'train, dev or test';
COMMENT ON COLUMN splits.bucket IS 'sha256 bucket 0-99 that decides the split';
COMMENT ON COLUMN splits.reason IS 'Why it is excluded from training, or why membership moved';
