CREATE TABLE id_aliases (
  alias VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL
);
COMMENT ON TABLE id_aliases IS 'One row per identifier that names a document.';
COMMENT ON COLUMN id_aliases.alias IS 'An id in the form of doc_id: DOI, pmc:, pmid:, <source>:<local id>';
COMMENT ON COLUMN id_aliases.doc_id IS 'The document it names';
COMMENT ON COLUMN id_aliases.source IS 'Source that stated the link';
COMMENT ON COLUMN id_aliases.raw_sha256 IS 'Raw object that states it';
