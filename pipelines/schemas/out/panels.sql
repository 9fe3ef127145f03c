CREATE TABLE panels (
  panel_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  start_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  labels VARCHAR[] NOT NULL,
  panel_source VARCHAR NOT NULL,
  model_version VARCHAR,
  coords INTEGER[]
);
COMMENT ON TABLE panels IS 'One segmentation per figure: the curator''s, else the model''s, else the rule''s.';
COMMENT ON COLUMN panels.panel_id IS 'figure_id/n, n from 1 in reading order; not stable over models';
COMMENT ON COLUMN panels.figure_id IS 'Figure';
COMMENT ON COLUMN panels.start_offset IS 'First code point in figures.legend';
COMMENT ON COLUMN panels.end_offset IS 'One past the last code point';
COMMENT ON COLUMN panels.labels IS 'Panel letters';
COMMENT ON COLUMN panels.panel_source IS 'curator, model or rule';
COMMENT ON COLUMN panels.model_version IS 'Model that segmented it, where panel_source is model';
COMMENT ON COLUMN panels.coords IS 'Box of the panel in the figure''s image as the curator drew it: left, top, right, bottom, in pixels; null without one';
