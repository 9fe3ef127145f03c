CREATE TABLE entities (
  entity_id VARCHAR NOT NULL,
  entity_type VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  ext_db VARCHAR,
  ext_id VARCHAR,
  names VARCHAR[] NOT NULL,
  n_mentions BIGINT NOT NULL,
  n_annotations BIGINT NOT NULL,
  n_documents BIGINT NOT NULL,
  first_night DATE NOT NULL,
  last_night DATE NOT NULL
);
COMMENT ON TABLE entities IS 'What is mentioned: one row per identifier, or per name where it has none. Retracted documents are left out.';
COMMENT ON COLUMN entities.entity_id IS 'Identifier, with its database where it is a mere number (NCBI gene:5594); else the name in lower case. As in hypotheses';
COMMENT ON COLUMN entities.entity_type IS 'Entity type';
COMMENT ON COLUMN entities.name IS 'Preferred name where a dictionary gives one, else the most used text';
COMMENT ON COLUMN entities.ext_db IS 'Database of the identifier; null without one';
COMMENT ON COLUMN entities.ext_id IS 'Identifier; null without one';
COMMENT ON COLUMN entities.names IS 'Texts it is mentioned by, most used first, up to 20';
COMMENT ON COLUMN entities.n_mentions IS 'Mentions that the serving model read';
COMMENT ON COLUMN entities.n_annotations IS 'Annotations by curators';
COMMENT ON COLUMN entities.n_documents IS 'Documents with either';
COMMENT ON COLUMN entities.first_night IS 'Night the first of these documents was first seen';
COMMENT ON COLUMN entities.last_night IS 'Night of the latest current revision among them';
