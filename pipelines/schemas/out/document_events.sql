CREATE TABLE document_events (
  event_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  event VARCHAR NOT NULL,
  event_date DATE,
  source VARCHAR NOT NULL,
  notice_id VARCHAR,
  detail VARCHAR,
  is_known_document BOOLEAN NOT NULL,
  night DATE NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE document_events IS 'Statements about documents, each with its source and date.';
COMMENT ON COLUMN document_events.event_id IS 'Id of the statement';
COMMENT ON COLUMN document_events.doc_id IS 'Document concerned (alias resolved)';
COMMENT ON COLUMN document_events.kind IS 'integrity, licence, identity or deletion';
COMMENT ON COLUMN document_events.event IS 'retraction, expression_of_concern, correction, addendum, reinstatement, licence_change, licence_stated, id_link, preprint_of, deletion, statement_withdrawn (a provider''s last record does not say any more what an earlier one said)';
COMMENT ON COLUMN document_events.event_date IS 'Date as stated; null where none is, as in a plain list';
COMMENT ON COLUMN document_events.source IS 'Source of the statement; where sources disagree each has its row, and documents.status says what holds';
COMMENT ON COLUMN document_events.notice_id IS 'Document that says so';
COMMENT ON COLUMN document_events.detail IS 'In words';
COMMENT ON COLUMN document_events.is_known_document IS 'False while the corpus does not hold the document';
COMMENT ON COLUMN document_events.night IS 'Night the statement arrived';
COMMENT ON COLUMN document_events.raw_sha256 IS 'Raw object';
