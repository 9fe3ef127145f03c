CREATE TABLE annotations (
  annotation_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  panel_id VARCHAR,
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
  is_floating BOOLEAN NOT NULL,
  is_nested BOOLEAN NOT NULL,
  alignment VARCHAR NOT NULL,
  curated_figure_id VARCHAR NOT NULL,
  curated_panel_no INTEGER,
  split VARCHAR NOT NULL,
  night DATE NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE annotations IS 'Curator truth, current, with offsets in figures.legend: of each figure the one version that counts (an author before a curator, then the later date). What others sent stands in out.other_annotations.';
COMMENT ON COLUMN annotations.annotation_id IS 'Stable while the curated revision stands';
COMMENT ON COLUMN annotations.figure_id IS 'Figure in out.figures';
COMMENT ON COLUMN annotations.panel_id IS 'Panel in out.panels that holds the first character';
COMMENT ON COLUMN annotations.start_offset IS 'First code point in figures.legend; null for a floating tag';
COMMENT ON COLUMN annotations.end_offset IS 'One past the last code point';
COMMENT ON COLUMN annotations.text IS 'Text of the mention';
COMMENT ON COLUMN annotations.entity_type IS 'Entity type';
COMMENT ON COLUMN annotations.role IS 'controlled, measured or boring';
COMMENT ON COLUMN annotations.raw_type IS 'Type as delivered';
COMMENT ON COLUMN annotations.raw_role IS 'Role as delivered';
COMMENT ON COLUMN annotations.ext_ids IS 'Curator''s identifiers';
COMMENT ON COLUMN annotations.ext_dbs IS 'Their databases';
COMMENT ON COLUMN annotations.delivery_id IS 'Delivery';
COMMENT ON COLUMN annotations.annotator IS 'Who made it';
COMMENT ON COLUMN annotations.review_stage IS 'curator or author';
COMMENT ON COLUMN annotations.is_floating IS 'Tag without a place in the text';
COMMENT ON COLUMN annotations.is_nested IS 'A longer span covers part of it';
COMMENT ON COLUMN annotations.alignment IS 'own (curator''s own text), equal, aligned (moved to the publisher''s legend)';
COMMENT ON COLUMN annotations.curated_figure_id IS 'Figure as the curator delivered it';
COMMENT ON COLUMN annotations.curated_panel_no IS 'Panel of the curated figure that it was given to, zero-based: where a floating tag belongs, whoever''s panels are served';
COMMENT ON COLUMN annotations.split IS 'Split of the document';
COMMENT ON COLUMN annotations.night IS 'Night of the delivery';
COMMENT ON COLUMN annotations.raw_sha256 IS 'Raw object';
