CREATE TABLE curated_figures (
  curated_figure_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  sender VARCHAR NOT NULL,
  review_stage VARCHAR NOT NULL,
  label VARCHAR,
  figure_id VARCHAR,
  alignment VARCHAR NOT NULL,
  confidence DOUBLE,
  why_own VARCHAR,
  is_gold BOOLEAN NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  legend_sha256 VARCHAR,
  night DATE NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE curated_figures IS 'How curated figures stand on the publisher''s: one row per current version of a curated figure, that is per figure, sender and review stage.';
COMMENT ON COLUMN curated_figures.curated_figure_id IS 'Figure as the curator delivered it';
COMMENT ON COLUMN curated_figures.doc_id IS 'Document';
COMMENT ON COLUMN curated_figures.sender IS 'Who sent it';
COMMENT ON COLUMN curated_figures.review_stage IS 'machine, curator or author';
COMMENT ON COLUMN curated_figures.label IS 'Label as delivered';
COMMENT ON COLUMN curated_figures.figure_id IS 'Publisher''s figure in out.figures that it is; null where it stays a figure of its own';
COMMENT ON COLUMN curated_figures.alignment IS 'exact (same legend), folded (same but for dashes, case and spaces), aligned (by sequence alignment), matched (the legends differ and no panel or mention had to be carried over), own';
COMMENT ON COLUMN curated_figures.confidence IS 'Share of the curated legend''s characters, white space left out, that have a partner in the publisher''s; null where nothing was aligned';
COMMENT ON COLUMN curated_figures.why_own IS 'Why it is its own: no_publication (no publication of the document is here), no_legends (it is, without a legend), no_fit (no figure of it fits)';
COMMENT ON COLUMN curated_figures.is_gold IS 'True for the version of its figure that counts';
COMMENT ON COLUMN curated_figures.record_sha256 IS 'Revision';
COMMENT ON COLUMN curated_figures.legend_sha256 IS 'sha256 of the legend as delivered';
COMMENT ON COLUMN curated_figures.night IS 'Night of the version';
COMMENT ON COLUMN curated_figures.delivery_id IS 'Delivery';
COMMENT ON COLUMN curated_figures.raw_sha256 IS 'Raw object';
