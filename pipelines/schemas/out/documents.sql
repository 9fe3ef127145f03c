CREATE TABLE documents (
  doc_id VARCHAR NOT NULL,
  doi VARCHAR,
  pmcid VARCHAR,
  pmid VARCHAR,
  kind VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  licence VARCHAR NOT NULL,
  licence_evidence VARCHAR,
  may_redistribute BOOLEAN NOT NULL,
  is_commercial_ok BOOLEAN NOT NULL,
  title VARCHAR,
  abstract VARCHAR,
  journal VARCHAR,
  publisher VARCHAR,
  pub_date DATE,
  article_type VARCHAR,
  language VARCHAR,
  split VARCHAR NOT NULL,
  n_figures BIGINT NOT NULL,
  n_revisions BIGINT NOT NULL,
  first_night DATE NOT NULL,
  last_night DATE NOT NULL,
  is_synthetic BOOLEAN NOT NULL,
  delivery_id VARCHAR NOT NULL,
  raw_sha256 VARCHAR NOT NULL,
  record_sha256 VARCHAR NOT NULL,
  cluster_id VARCHAR NOT NULL,
  sources VARCHAR[] NOT NULL
);
COMMENT ON TABLE documents IS 'Current documents, one row each, retracted ones included with their status.';
COMMENT ON COLUMN documents.doc_id IS 'Identity, never changed once seen; any alias works in the macros';
COMMENT ON COLUMN documents.doi IS 'Digital object identifier, lower case';
COMMENT ON COLUMN documents.pmcid IS 'PubMed Central id; where the article leaves it out, the one that others state of it, if one';
COMMENT ON COLUMN documents.pmid IS 'PubMed id, likewise';
COMMENT ON COLUMN documents.kind IS 'publication, or curation while only a curator delivery knows the document';
COMMENT ON COLUMN documents.source IS 'Source of the current revision';
COMMENT ON COLUMN documents.status IS 'current, corrected, concern or retracted, from document_events: retracted where any source says so, unless the last dated statement is a reinstatement (on one day the retraction holds); of a provider''s records of an article the last counts';
COMMENT ON COLUMN documents.licence IS 'Class: open, noncommercial, tdm_only, unknown or barred; as the article states, else as providers'' records do (the strictest of them)';
COMMENT ON COLUMN documents.licence_evidence IS 'Text or URL the class was read from, or the code and the source that states it';
COMMENT ON COLUMN documents.may_redistribute IS 'True where the licence lets the text be passed on: open and noncommercial';
COMMENT ON COLUMN documents.is_commercial_ok IS 'True where the licence allows commercial use too: open';
COMMENT ON COLUMN documents.title IS 'Title';
COMMENT ON COLUMN documents.abstract IS 'Abstract';
COMMENT ON COLUMN documents.journal IS 'Journal title';
COMMENT ON COLUMN documents.publisher IS 'Publisher';
COMMENT ON COLUMN documents.pub_date IS 'Publication date';
COMMENT ON COLUMN documents.article_type IS 'JATS article type';
COMMENT ON COLUMN documents.language IS 'Language';
COMMENT ON COLUMN documents.split IS 'train, dev or test';
COMMENT ON COLUMN documents.n_figures IS 'Figures in out.figures';
COMMENT ON COLUMN documents.n_revisions IS 'Revisions the corpus holds';
COMMENT ON COLUMN documents.first_night IS 'Night the document was first seen';
COMMENT ON COLUMN documents.last_night IS 'Night of the current revision';
COMMENT ON COLUMN documents.is_synthetic IS 'True for sample data';
COMMENT ON COLUMN documents.delivery_id IS 'Delivery of the current revision';
COMMENT ON COLUMN documents.raw_sha256 IS 'Raw object of the current revision';
COMMENT ON COLUMN documents.record_sha256 IS 'Content hash of the current revision';
COMMENT ON COLUMN documents.cluster_id IS 'The same for a preprint and its article where one of them states it: the least doc_id of them; else the doc_id';
COMMENT ON COLUMN documents.sources IS 'Every source that brought a revision of its own, sorted; the same content again leaves no trace';
