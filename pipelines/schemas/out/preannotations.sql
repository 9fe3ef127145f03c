CREATE TABLE preannotations (
  doc_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  annotator VARCHAR NOT NULL,
  review_stage VARCHAR NOT NULL,
  machine VARCHAR NOT NULL,
  preannotated_by VARCHAR,
  entity_type VARCHAR NOT NULL,
  n_machine BIGINT NOT NULL,
  n_kept BIGINT NOT NULL,
  n_changed BIGINT NOT NULL,
  n_deleted BIGINT NOT NULL,
  n_added BIGINT NOT NULL,
  n_unseen BIGINT NOT NULL
);
COMMENT ON TABLE preannotations IS 'What became of a machine''s tags in a curator''s hands: one row a curated figure, machine and class, from the stored rows of both. n_machine = n_kept + n_changed + n_deleted + n_unseen.';
COMMENT ON COLUMN preannotations.doc_id IS 'Document';
COMMENT ON COLUMN preannotations.figure_id IS 'Figure as the curator delivered it';
COMMENT ON COLUMN preannotations.annotator IS 'Sender of the curated version';
COMMENT ON COLUMN preannotations.review_stage IS 'curator or author';
COMMENT ON COLUMN preannotations.machine IS 'Sender of a delivery of stage machine that is not later than the curated version, or "in the file" for machine tags inside it';
COMMENT ON COLUMN preannotations.preannotated_by IS 'What the curator''s delivery states that it began from';
COMMENT ON COLUMN preannotations.entity_type IS 'Class: of the machine''s tag, of an added one the curator''s';
COMMENT ON COLUMN preannotations.n_machine IS 'Tags of the machine';
COMMENT ON COLUMN preannotations.n_kept IS 'The curator has the same span with the same class';
COMMENT ON COLUMN preannotations.n_changed IS 'The curator has another class or a span that overlaps';
COMMENT ON COLUMN preannotations.n_deleted IS 'The curator has nothing there';
COMMENT ON COLUMN preannotations.n_added IS 'Curator''s annotations that the machine had nothing for';
COMMENT ON COLUMN preannotations.n_unseen IS 'Tags that the curator did not judge: in an untagged panel, or of a class that the guideline leaves out';
