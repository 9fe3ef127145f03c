CREATE TABLE document_events (
  event_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  event VARCHAR NOT NULL,
  event_date DATE,
  notice_id VARCHAR,
  detail VARCHAR,
  source VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  parser_version INTEGER NOT NULL,
  stated_date DATE,
  stated_version INTEGER NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE document_events IS 'One row per statement about a document: retraction, correction, licence change, id link, deletion.';
COMMENT ON COLUMN document_events.event_id IS 'sha256 prefix of (doc_id, kind, event, date, source, notice)';
COMMENT ON COLUMN document_events.doc_id IS 'Document concerned, or the id that the statement names while the document is not known';
COMMENT ON COLUMN document_events.kind IS 'integrity, licence, identity or deletion';
COMMENT ON COLUMN document_events.event IS 'retraction, expression_of_concern, correction, addendum, reinstatement, licence_change, licence_stated, id_link, preprint_of, deletion';
COMMENT ON COLUMN document_events.event_date IS 'Date of the event as stated';
COMMENT ON COLUMN document_events.notice_id IS 'Document id of the notice that says so';
COMMENT ON COLUMN document_events.detail IS 'What the statement says in words';
COMMENT ON COLUMN document_events.source IS 'Name of the source that delivered the record, as in the configuration';
COMMENT ON COLUMN document_events.delivery_id IS 'Delivery the record came in, source:night:n';
COMMENT ON COLUMN document_events.raw_sha256 IS 'sha256 of the raw bytes in landing/ that the record was read from';
COMMENT ON COLUMN document_events.parser_version IS 'Version of the parser that read it, raised by hand';
COMMENT ON COLUMN document_events.stated_date IS 'Date that the sender or the delivery states for the record; null where none is stated';
COMMENT ON COLUMN document_events.stated_version IS 'Version number that the sender states, else 0';
COMMENT ON COLUMN document_events.record_sha256 IS 'Content hash of the whole revision the row belongs to: a publication with all its figures, or one curated figure with its panels and annotations. Equal on all rows of one revision';
COMMENT ON COLUMN document_events.is_synthetic IS 'True for machine-made sample data, which never enters a real home';
