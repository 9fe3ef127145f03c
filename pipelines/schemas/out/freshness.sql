CREATE TABLE freshness (
  source VARCHAR NOT NULL,
  last_delivery VARCHAR NOT NULL,
  last_new_night DATE NOT NULL,
  last_closed_night DATE NOT NULL,
  nights_without_news BIGINT NOT NULL,
  n_deliveries BIGINT NOT NULL,
  n_documents BIGINT NOT NULL,
  is_missing BOOLEAN NOT NULL
);
COMMENT ON TABLE freshness IS 'How fresh each source is: one row per source that ever delivered.';
COMMENT ON COLUMN freshness.source IS 'Source';
COMMENT ON COLUMN freshness.last_delivery IS 'Latest delivery with something new';
COMMENT ON COLUMN freshness.last_new_night IS 'Night of that delivery';
COMMENT ON COLUMN freshness.last_closed_night IS 'Last night that was closed, whatever it brought';
COMMENT ON COLUMN freshness.nights_without_news IS 'Nights closed since the last delivery with something new';
COMMENT ON COLUMN freshness.n_deliveries IS 'Deliveries with something new, ever';
COMMENT ON COLUMN freshness.n_documents IS 'Current documents whose current revision came from it';
COMMENT ON COLUMN freshness.is_missing IS 'True where the last night could not read it';
