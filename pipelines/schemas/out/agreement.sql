CREATE TABLE agreement (
  annotator_a VARCHAR NOT NULL,
  stage_a VARCHAR NOT NULL,
  annotator_b VARCHAR NOT NULL,
  stage_b VARCHAR NOT NULL,
  entity_type VARCHAR NOT NULL,
  n_figures BIGINT NOT NULL,
  n_words BIGINT NOT NULL,
  n_spans_a BIGINT NOT NULL,
  n_spans_b BIGINT NOT NULL,
  n_spans_same BIGINT NOT NULL,
  f1 DOUBLE NOT NULL,
  alpha DOUBLE
);
COMMENT ON TABLE agreement IS 'How well every two annotators agree who marked the same figures: one row a pair and class, and one over all classes. Compared is what both were asked for: types that both guidelines annotate, text that both read, no panel that one of them left untagged. Retracted documents are left out.';
COMMENT ON COLUMN agreement.annotator_a IS 'Sender; of the lower review stage where they differ';
COMMENT ON COLUMN agreement.stage_a IS 'Review stage of annotator_a: machine, curator or author';
COMMENT ON COLUMN agreement.annotator_b IS 'The other sender, or the same one at another stage';
COMMENT ON COLUMN agreement.stage_b IS 'Review stage of annotator_b';
COMMENT ON COLUMN agreement.entity_type IS 'Class, or all';
COMMENT ON COLUMN agreement.n_figures IS 'Figures that both marked under guidelines that annotate the class';
COMMENT ON COLUMN agreement.n_words IS 'Words compared';
COMMENT ON COLUMN agreement.n_spans_a IS 'Spans of annotator_a in the compared text';
COMMENT ON COLUMN agreement.n_spans_b IS 'Spans of annotator_b in the compared text';
COMMENT ON COLUMN agreement.n_spans_same IS 'Spans that both have: same place, same class';
COMMENT ON COLUMN agreement.f1 IS 'F1 of strict spans, 0 to 1, the same whoever is taken as gold';
COMMENT ON COLUMN agreement.alpha IS 'Krippendorff''s alpha over words, nominal: 1 is full agreement, 0 what chance gives; for a class over class or not; null where both gave every word one label';
