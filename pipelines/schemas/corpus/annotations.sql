CREATE TABLE annotations (
  annotation_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  panel_no INTEGER,
  start_offset INTEGER,
  end_offset INTEGER,
  text VARCHAR NOT NULL,
  entity_type VARCHAR NOT NULL,
  raw_type VARCHAR NOT NULL,
  role VARCHAR,
  raw_role VARCHAR,
  ext_ids VARCHAR[] NOT NULL,
  ext_dbs VARCHAR[] NOT NULL,
  tag_ids VARCHAR[] NOT NULL,
  n_source_rows INTEGER NOT NULL,
  is_floating BOOLEAN NOT NULL,
  is_nested BOOLEAN NOT NULL,
  annotator VARCHAR NOT NULL,
  review_stage VARCHAR NOT NULL,
  legend_sha256 VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  parser_version INTEGER NOT NULL,
  stated_date DATE,
  stated_version INTEGER NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE annotations IS 'One row per curated span (or floating tag) in a curated figure.';
COMMENT ON COLUMN annotations.annotation_id IS 'sha256 prefix of (figure_id, legend_sha256, start, end, type, delivery''s revision)';
COMMENT ON COLUMN annotations.figure_id IS 'Curated figure';
COMMENT ON COLUMN annotations.panel_no IS 'Panel of the figure, null outside every panel';
COMMENT ON COLUMN annotations.start_offset IS 'First code point in the legend, zero-based; null for a floating tag';
COMMENT ON COLUMN annotations.end_offset IS 'One past the last code point; null for a floating tag';
COMMENT ON COLUMN annotations.text IS 'Text of the mention; equals legend[start_offset:end_offset] unless floating';
COMMENT ON COLUMN annotations.entity_type IS 'SMALL_MOLECULE, GENEPROD, SUBCELLULAR, CELL_TYPE, CELL_LINE, TISSUE, ORGANISM, EXP_ASSAY, DISEASE, CELL (a cell neither typed nor normalised), or OTHER (a type without counterpart, or a mention in several pieces: raw_type and ext_ids say which)';
COMMENT ON COLUMN annotations.raw_type IS 'Type or id prefix as delivered';
COMMENT ON COLUMN annotations.role IS 'controlled, measured or boring; null where none was given';
COMMENT ON COLUMN annotations.raw_role IS 'Role as delivered, e.g. intervention, assayed, reporter';
COMMENT ON COLUMN annotations.ext_ids IS 'Identifiers that the curator gave, in order';
COMMENT ON COLUMN annotations.ext_dbs IS 'Databases of ext_ids, in parallel';
COMMENT ON COLUMN annotations.tag_ids IS 'Ids of the sender''s tags that were joined in this row';
COMMENT ON COLUMN annotations.n_source_rows IS 'How many delivered tags this row stands for; 0 for a left-over of machine pre-tagging';
COMMENT ON COLUMN annotations.is_floating IS 'True for a tag that the curator gave to a panel without a place in the text';
COMMENT ON COLUMN annotations.is_nested IS 'True where a longer span covers part of this one: kept, not trained on';
COMMENT ON COLUMN annotations.annotator IS 'Who made it: the sender of the delivery';
COMMENT ON COLUMN annotations.review_stage IS 'machine, curator or author; machine too for a tag inside a curator''s file that a machine made';
COMMENT ON COLUMN annotations.legend_sha256 IS 'Legend that the offsets count in';
COMMENT ON COLUMN annotations.source IS 'Name of the source that delivered the record, as in the configuration';
COMMENT ON COLUMN annotations.delivery_id IS 'Delivery the record came in, source:night:n';
COMMENT ON COLUMN annotations.raw_sha256 IS 'sha256 of the raw bytes in landing/ that the record was read from';
COMMENT ON COLUMN annotations.parser_version IS 'Version of the parser that read it, raised by hand';
COMMENT ON COLUMN annotations.stated_date IS 'Date that the sender or the delivery states for the record; null where none is stated';
COMMENT ON COLUMN annotations.stated_version IS 'Version number that the sender states, else 0';
COMMENT ON COLUMN annotations.record_sha256 IS 'Content hash of the whole revision the row belongs to: a publication with all its figures, or one curated figure with its panels and annotations. Equal on all rows of one revision';
COMMENT ON COLUMN annotations.is_synthetic IS 'True for machine-made sample data, which never enters a real home';
