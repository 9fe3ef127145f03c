CREATE TABLE deliveries (
  delivery_id VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  sender VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  review_stage VARCHAR NOT NULL,
  annotated_types VARCHAR[] NOT NULL,
  has_roles BOOLEAN NOT NULL,
  preannotated_by VARCHAR,
  stated_date DATE,
  night DATE NOT NULL,
  is_withdrawn BOOLEAN NOT NULL,
  n_documents BIGINT NOT NULL,
  n_figures BIGINT NOT NULL,
  n_current_figures BIGINT NOT NULL,
  n_gold_figures BIGINT NOT NULL,
  n_annotations BIGINT NOT NULL,
  n_gold_annotations BIGINT NOT NULL,
  n_issues BIGINT NOT NULL
);
COMMENT ON TABLE deliveries IS 'One row per delivery that brought something into the corpus: who sent what, under which guideline, and what of it counts today. One that was rejected whole is in out.quarantine only. Receipts lie in the outbox of the home, by sender.';
COMMENT ON COLUMN deliveries.delivery_id IS 'source:night:n';
COMMENT ON COLUMN deliveries.source IS 'Source in the configuration';
COMMENT ON COLUMN deliveries.sender IS 'Who sent it';
COMMENT ON COLUMN deliveries.name IS 'Folder or archive it came from';
COMMENT ON COLUMN deliveries.format IS 'Format as stated, else mixed';
COMMENT ON COLUMN deliveries.review_stage IS 'machine, curator or author';
COMMENT ON COLUMN deliveries.annotated_types IS 'Types that its guideline annotates; all others are unlabelled in it, never absent';
COMMENT ON COLUMN deliveries.has_roles IS 'True where the guideline annotates roles';
COMMENT ON COLUMN deliveries.preannotated_by IS 'Model or serving set whose tags the curator began from, as the delivery states';
COMMENT ON COLUMN deliveries.stated_date IS 'Date that the delivery states';
COMMENT ON COLUMN deliveries.night IS 'Night it came in';
COMMENT ON COLUMN deliveries.is_withdrawn IS 'True where the delivery or its night was withdrawn';
COMMENT ON COLUMN deliveries.n_documents IS 'Documents that it brought or revised';
COMMENT ON COLUMN deliveries.n_figures IS 'Figures that it brought or revised';
COMMENT ON COLUMN deliveries.n_current_figures IS 'Curated figures of it that no later delivery of the same sender and stage superseded';
COMMENT ON COLUMN deliveries.n_gold_figures IS 'Curated figures of it that are gold today';
COMMENT ON COLUMN deliveries.n_annotations IS 'Annotations that it brought';
COMMENT ON COLUMN deliveries.n_gold_annotations IS 'Annotations of it in out.annotations today';
COMMENT ON COLUMN deliveries.n_issues IS 'Issues in out.quarantine that name it';
