CREATE TABLE id_aliases (
  alias VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  source VARCHAR NOT NULL
);
COMMENT ON TABLE id_aliases IS 'Every identifier of every document.';
COMMENT ON COLUMN id_aliases.alias IS 'Identifier';
COMMENT ON COLUMN id_aliases.doc_id IS 'Document it names';
COMMENT ON COLUMN id_aliases.source IS 'Who stated it';
