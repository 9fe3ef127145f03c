CREATE TABLE corrections (
  doc_id VARCHAR NOT NULL,
  from_stage VARCHAR NOT NULL,
  to_stage VARCHAR NOT NULL,
  n_figures BIGINT NOT NULL,
  n_kept BIGINT NOT NULL,
  n_changed BIGINT NOT NULL,
  n_deleted BIGINT NOT NULL,
  n_added BIGINT NOT NULL
);
COMMENT ON TABLE corrections IS 'How much one review stage changed of the one before, by manuscript: a document with zeros in n_changed, n_deleted and n_added needed no correction.';
COMMENT ON COLUMN corrections.doc_id IS 'Document';
COMMENT ON COLUMN corrections.from_stage IS 'Stage before: machine or curator';
COMMENT ON COLUMN corrections.to_stage IS 'Stage after: curator or author';
COMMENT ON COLUMN corrections.n_figures IS 'Figures that have a version of both stages; of several versions of a stage the latest counts';
COMMENT ON COLUMN corrections.n_kept IS 'Annotations that stayed as they were';
COMMENT ON COLUMN corrections.n_changed IS 'Another class, an overlapping span, another role or other ids (after a machine only class and span count)';
COMMENT ON COLUMN corrections.n_deleted IS 'Taken out';
COMMENT ON COLUMN corrections.n_added IS 'Put in';
