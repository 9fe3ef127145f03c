CREATE TABLE other_annotations (
  annotation_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  start_offset INTEGER,
  end_offset INTEGER,
  text VARCHAR NOT NULL,
  entity_type VARCHAR NOT NULL,
  role VARCHAR,
  raw_type VARCHAR NOT NULL,
  raw_role VARCHAR,
  ext_ids VARCHAR[] NOT NULL,
  ext_dbs VARCHAR[] NOT NULL,
  delivery_id VARCHAR NOT NULL,
  annotator VARCHAR NOT NULL,
  review_stage VARCHAR NOT NULL,
  why VARCHAR NOT NULL,
  is_floating BOOLEAN NOT NULL,
  is_nested BOOLEAN NOT NULL,
  curated_figure_id VARCHAR NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  legend_sha256 VARCHAR NOT NULL,
  night DATE NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE other_annotations IS 'Current annotations that are kept beside out.annotations and are not the truth: of curators whose version of a figure was not picked, and of machines. Nothing is trained on them and no mart counts them.';
COMMENT ON COLUMN other_annotations.annotation_id IS 'Stable while the revision stands';
COMMENT ON COLUMN other_annotations.figure_id IS 'Figure in out.figures that it is about';
COMMENT ON COLUMN other_annotations.doc_id IS 'Document';
COMMENT ON COLUMN other_annotations.start_offset IS 'First code point in figures.legend; null for a floating tag, and where the served legend is not the text that was read and does not hold this mention';
COMMENT ON COLUMN other_annotations.end_offset IS 'One past the last code point';
COMMENT ON COLUMN other_annotations.text IS 'Text of the mention';
COMMENT ON COLUMN other_annotations.entity_type IS 'Entity type';
COMMENT ON COLUMN other_annotations.role IS 'controlled, measured or boring';
COMMENT ON COLUMN other_annotations.raw_type IS 'Type as delivered';
COMMENT ON COLUMN other_annotations.raw_role IS 'Role as delivered';
COMMENT ON COLUMN other_annotations.ext_ids IS 'Identifiers given';
COMMENT ON COLUMN other_annotations.ext_dbs IS 'Their databases';
COMMENT ON COLUMN other_annotations.delivery_id IS 'Delivery';
COMMENT ON COLUMN other_annotations.annotator IS 'Who sent it';
COMMENT ON COLUMN other_annotations.review_stage IS 'machine, curator or author; machine too for a pre-tag inside a curator''s file';
COMMENT ON COLUMN other_annotations.why IS 'Why it is not the truth: machine, or outranked (another version of the figure is gold: an author''s before a curator''s, then the later date)';
COMMENT ON COLUMN other_annotations.is_floating IS 'Tag without a place in the text';
COMMENT ON COLUMN other_annotations.is_nested IS 'A longer span of the same version covers part of it';
COMMENT ON COLUMN other_annotations.curated_figure_id IS 'Figure as delivered';
COMMENT ON COLUMN other_annotations.record_sha256 IS 'The version of the figure: equal on all rows of one sender and review stage';
COMMENT ON COLUMN other_annotations.legend_sha256 IS 'Hash of the text that was read';
COMMENT ON COLUMN other_annotations.night IS 'Night of the delivery';
COMMENT ON COLUMN other_annotations.raw_sha256 IS 'Raw object';
