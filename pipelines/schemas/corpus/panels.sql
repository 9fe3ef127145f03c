CREATE TABLE panels (
  figure_id VARCHAR NOT NULL,
  panel_no INTEGER NOT NULL,
  start_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  labels VARCHAR[] NOT NULL,
  marker_offsets INTEGER[] NOT NULL,
  has_marker BOOLEAN NOT NULL,
  is_labelled BOOLEAN NOT NULL,
  external_id VARCHAR,
  coords INTEGER[] NOT NULL,
  source VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  parser_version INTEGER NOT NULL,
  stated_date DATE,
  stated_version INTEGER NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE panels IS 'One row per panel that a curator delimited in a curated figure.';
COMMENT ON COLUMN panels.figure_id IS 'Curated figure';
COMMENT ON COLUMN panels.panel_no IS 'Zero-based order in the legend';
COMMENT ON COLUMN panels.start_offset IS 'First code point in the legend of the curated figure, zero-based';
COMMENT ON COLUMN panels.end_offset IS 'One past the last code point';
COMMENT ON COLUMN panels.labels IS 'Panel letters, e.g. A; several where one text serves several panels';
COMMENT ON COLUMN panels.marker_offsets IS 'Offsets of the panel markers that the text shows, e.g. of (A), in order; gold for panelization';
COMMENT ON COLUMN panels.has_marker IS 'True where the panel begins with a marker in the text; false where the start cannot be known from the text';
COMMENT ON COLUMN panels.is_labelled IS 'False where the curator tagged nothing: the panel is unlabelled, not free of entities';
COMMENT ON COLUMN panels.external_id IS 'Panel id of the sender';
COMMENT ON COLUMN panels.coords IS 'Box of the panel in the image of the figure as the curator drew it: left, top, right, bottom, in pixels; empty without one';
COMMENT ON COLUMN panels.source IS 'Name of the source that delivered the record, as in the configuration';
COMMENT ON COLUMN panels.delivery_id IS 'Delivery the record came in, source:night:n';
COMMENT ON COLUMN panels.raw_sha256 IS 'sha256 of the raw bytes in landing/ that the record was read from';
COMMENT ON COLUMN panels.parser_version IS 'Version of the parser that read it, raised by hand';
COMMENT ON COLUMN panels.stated_date IS 'Date that the sender or the delivery states for the record; null where none is stated';
COMMENT ON COLUMN panels.stated_version IS 'Version number that the sender states, else 0';
COMMENT ON COLUMN panels.record_sha256 IS 'Content hash of the whole revision the row belongs to: a publication with all its figures, or one curated figure with its panels and annotations. Equal on all rows of one revision';
COMMENT ON COLUMN panels.is_synthetic IS 'True for machine-made sample data, which never enters a real home';
