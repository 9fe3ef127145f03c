CREATE TABLE figures (
  figure_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  figure_kind VARCHAR NOT NULL,
  label VARCHAR,
  legend VARCHAR,
  legend_sha256 VARCHAR,
  parent_figure_id VARCHAR,
  position INTEGER NOT NULL,
  graphics VARCHAR[] NOT NULL,
  fig_type VARCHAR,
  place VARCHAR NOT NULL,
  licence VARCHAR NOT NULL,
  may_redistribute BOOLEAN NOT NULL,
  is_commercial_ok BOOLEAN NOT NULL,
  n_panels BIGINT NOT NULL,
  n_annotations BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  night DATE NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE figures IS 'Current figures: the publisher''s, and curated figures that match no publication''s figure.';
COMMENT ON COLUMN figures.figure_id IS 'doc_id#key, stable over revisions';
COMMENT ON COLUMN figures.doc_id IS 'Document';
COMMENT ON COLUMN figures.figure_kind IS 'publication, or curation for a curator''s own figure; not named kind, so that a join with documents needs no prefix';
COMMENT ON COLUMN figures.label IS 'Label as printed';
COMMENT ON COLUMN figures.legend IS 'Legend as a reader sees it; null without a caption';
COMMENT ON COLUMN figures.legend_sha256 IS 'sha256 of the legend';
COMMENT ON COLUMN figures.parent_figure_id IS 'Figure this one is a supplement of';
COMMENT ON COLUMN figures.position IS 'Position in the document';
COMMENT ON COLUMN figures.graphics IS 'Graphic hrefs';
COMMENT ON COLUMN figures.fig_type IS 'JATS fig-type or specific-use';
COMMENT ON COLUMN figures.place IS 'body, floats, back, front or sub-article';
COMMENT ON COLUMN figures.licence IS 'Class that the figure states for itself, else that of its document; unknown for a figure printed by permission of others';
COMMENT ON COLUMN figures.may_redistribute IS 'True where that licence lets the figure be passed on: open and noncommercial';
COMMENT ON COLUMN figures.is_commercial_ok IS 'True where that licence allows commercial use too: open';
COMMENT ON COLUMN figures.n_panels IS 'Panels in out.panels';
COMMENT ON COLUMN figures.n_annotations IS 'Curated annotations in out.annotations';
COMMENT ON COLUMN figures.source IS 'Source';
COMMENT ON COLUMN figures.night IS 'Night of the current revision';
COMMENT ON COLUMN figures.delivery_id IS 'Delivery';
COMMENT ON COLUMN figures.raw_sha256 IS 'Raw object';
