CREATE TABLE figures (
  figure_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  label VARCHAR,
  jats_id VARCHAR,
  parent_figure_id VARCHAR,
  position INTEGER NOT NULL,
  legend VARCHAR,
  legend_sha256 VARCHAR,
  caption_xml VARCHAR,
  graphics VARCHAR[] NOT NULL,
  fig_type VARCHAR,
  place VARCHAR NOT NULL,
  licence VARCHAR,
  is_deleted BOOLEAN NOT NULL,
  source VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  parser_version INTEGER NOT NULL,
  stated_date DATE,
  stated_version INTEGER NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE figures IS 'One row per figure of a document revision, with its legend.';
COMMENT ON COLUMN figures.figure_id IS 'doc_id#key; stable over revisions. Curated figures have the key cur-<source>-<key>';
COMMENT ON COLUMN figures.doc_id IS 'Document the figure belongs to';
COMMENT ON COLUMN figures.kind IS 'publication (the publisher''s figure), curation (the curator''s copy of one), or auxiliary (a text of an auxiliary delivery: no figure''s gold)';
COMMENT ON COLUMN figures.label IS 'Label as printed, e.g. Figure 3';
COMMENT ON COLUMN figures.jats_id IS 'Id attribute of the fig element, or the curator''s figure id';
COMMENT ON COLUMN figures.parent_figure_id IS 'Figure that this one is a supplement or child of';
COMMENT ON COLUMN figures.position IS 'Zero-based position in the document';
COMMENT ON COLUMN figures.legend IS 'Title and paragraphs of the caption as a reader sees them, NFC, line breaks between, bibliographic citation markers left out; null without a caption';
COMMENT ON COLUMN figures.legend_sha256 IS 'sha256 of the legend in UTF-8';
COMMENT ON COLUMN figures.caption_xml IS 'The caption element as delivered';
COMMENT ON COLUMN figures.graphics IS 'Graphic hrefs in order';
COMMENT ON COLUMN figures.fig_type IS 'JATS fig-type or specific-use, e.g. child-fig';
COMMENT ON COLUMN figures.place IS 'Where it stands: body, floats, back, front or sub-article';
COMMENT ON COLUMN figures.licence IS 'Licence class where the figure states its own, else null';
COMMENT ON COLUMN figures.is_deleted IS 'True for a revision by which a sender takes a curated figure back: it hides the sender''s earlier ones until a later one comes';
COMMENT ON COLUMN figures.source IS 'Name of the source that delivered the record, as in the configuration';
COMMENT ON COLUMN figures.delivery_id IS 'Delivery the record came in, source:night:n';
COMMENT ON COLUMN figures.raw_sha256 IS 'sha256 of the raw bytes in landing/ that the record was read from';
COMMENT ON COLUMN figures.parser_version IS 'Version of the parser that read it, raised by hand';
COMMENT ON COLUMN figures.stated_date IS 'Date that the sender or the delivery states for the record; null where none is stated';
COMMENT ON COLUMN figures.stated_version IS 'Version number that the sender states, else 0';
COMMENT ON COLUMN figures.record_sha256 IS 'Content hash of the whole revision the row belongs to: a publication with all its figures, or one curated figure with its panels and annotations. Equal on all rows of one revision';
COMMENT ON COLUMN figures.is_synthetic IS 'True for machine-made sample data, which never enters a real home';
