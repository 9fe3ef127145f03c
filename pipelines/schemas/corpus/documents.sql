CREATE TABLE documents (
  doc_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  doi VARCHAR,
  pmcid VARCHAR,
  pmid VARCHAR,
  local_id VARCHAR,
  title VARCHAR,
  abstract VARCHAR,
  journal VARCHAR,
  publisher VARCHAR,
  pub_date DATE,
  article_type VARCHAR,
  language VARCHAR,
  licence VARCHAR NOT NULL,
  licence_evidence VARCHAR,
  n_figures INTEGER NOT NULL,
  source VARCHAR NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  parser_version INTEGER NOT NULL,
  stated_date DATE,
  stated_version INTEGER NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  is_synthetic BOOLEAN NOT NULL
);
COMMENT ON TABLE documents IS 'One row per revision of a document: its ids, bibliographic data and licence.';
COMMENT ON COLUMN documents.doc_id IS 'Identity, never changed once seen: lower-case DOI, pmc:<digits>, pmid:<digits>, <source>:<local id> or sha:<16 hex>';
COMMENT ON COLUMN documents.kind IS 'publication (a JATS article), curation (said by a curator delivery) or auxiliary (said by an auxiliary delivery)';
COMMENT ON COLUMN documents.doi IS 'Digital object identifier, lower case';
COMMENT ON COLUMN documents.pmcid IS 'PubMed Central id with its prefix, PMC1234567';
COMMENT ON COLUMN documents.pmid IS 'PubMed id, digits';
COMMENT ON COLUMN documents.local_id IS 'Id that only the source gives';
COMMENT ON COLUMN documents.title IS 'Title as plain text';
COMMENT ON COLUMN documents.abstract IS 'Abstract as plain text';
COMMENT ON COLUMN documents.journal IS 'Journal title';
COMMENT ON COLUMN documents.publisher IS 'Publisher name';
COMMENT ON COLUMN documents.pub_date IS 'Earliest full publication date; day or month 1 where the source gives only month or year';
COMMENT ON COLUMN documents.article_type IS 'JATS article-type, e.g. research-article, correction, retraction';
COMMENT ON COLUMN documents.language IS 'Language of the article (xml:lang), e.g. en';
COMMENT ON COLUMN documents.licence IS 'Class: open, noncommercial, tdm_only, unknown or barred';
COMMENT ON COLUMN documents.licence_evidence IS 'The licence text or URL that the class was read from';
COMMENT ON COLUMN documents.n_figures IS 'Figures of this revision';
COMMENT ON COLUMN documents.source IS 'Name of the source that delivered the record, as in the configuration';
COMMENT ON COLUMN documents.delivery_id IS 'Delivery the record came in, source:night:n';
COMMENT ON COLUMN documents.raw_sha256 IS 'sha256 of the raw bytes in landing/ that the record was read from';
COMMENT ON COLUMN documents.parser_version IS 'Version of the parser that read it, raised by hand';
COMMENT ON COLUMN documents.stated_date IS 'Date that the sender or the delivery states for the record; null where none is stated';
COMMENT ON COLUMN documents.stated_version IS 'Version number that the sender states, else 0';
COMMENT ON COLUMN documents.record_sha256 IS 'Content hash of the whole revision the row belongs to: a publication with all its figures, or one curated figure with its panels and annotations. Equal on all rows of one revision';
COMMENT ON COLUMN documents.is_synthetic IS 'True for machine-made sample data, which never enters a real home';
