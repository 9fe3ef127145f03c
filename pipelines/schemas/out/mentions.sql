CREATE TABLE mentions (
  mention_id VARCHAR NOT NULL,
  figure_id VARCHAR NOT NULL,
  doc_id VARCHAR NOT NULL,
  panel_id VARCHAR,
  start_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  text VARCHAR NOT NULL,
  entity_type VARCHAR NOT NULL,
  role VARCHAR,
  role_source VARCHAR,
  score DOUBLE NOT NULL,
  role_score DOUBLE,
  ext_id VARCHAR,
  ext_db VARCHAR,
  ext_name VARCHAR,
  link_source VARCHAR,
  model_version VARCHAR NOT NULL,
  role_model_version VARCHAR,
  fingerprint VARCHAR NOT NULL,
  corpus_version VARCHAR NOT NULL,
  run_id VARCHAR NOT NULL
);
COMMENT ON TABLE mentions IS 'What the serving models read in every current legend, linked to ids. Retracted documents are left out.';
COMMENT ON COLUMN mentions.mention_id IS 'Hash of (figure_id, legend_sha256, start, end, type): stable across models';
COMMENT ON COLUMN mentions.figure_id IS 'Figure';
COMMENT ON COLUMN mentions.doc_id IS 'Document';
COMMENT ON COLUMN mentions.panel_id IS 'Panel that holds the first character';
COMMENT ON COLUMN mentions.start_offset IS 'First code point in figures.legend';
COMMENT ON COLUMN mentions.end_offset IS 'One past the last code point';
COMMENT ON COLUMN mentions.text IS 'Text of the mention';
COMMENT ON COLUMN mentions.entity_type IS 'Entity type';
COMMENT ON COLUMN mentions.role IS 'controlled, measured or boring; null where no role model serves';
COMMENT ON COLUMN mentions.role_source IS 'model or curator: where the role comes from';
COMMENT ON COLUMN mentions.score IS 'Model''s probability of the span, 0 to 1';
COMMENT ON COLUMN mentions.role_score IS 'Model''s probability of the role';
COMMENT ON COLUMN mentions.ext_id IS 'Linked identifier; null where neither curators nor a configured ontology know the name';
COMMENT ON COLUMN mentions.ext_db IS 'Database of ext_id, e.g. NCBI gene, Uniprot, CL';
COMMENT ON COLUMN mentions.ext_name IS 'Preferred name of ext_id';
COMMENT ON COLUMN mentions.link_source IS 'curator (this very mention was annotated), curators (most annotations of the name agree) or the ontology file';
COMMENT ON COLUMN mentions.model_version IS 'task/version of the model that found the span';
COMMENT ON COLUMN mentions.role_model_version IS 'task/version of the role model';
COMMENT ON COLUMN mentions.fingerprint IS 'Fingerprint of the model, its upstream models included';
COMMENT ON COLUMN mentions.corpus_version IS 'Corpus version of this generation';
COMMENT ON COLUMN mentions.run_id IS 'Run that predicted it';
