-- The annotations of the current curated figures, whoever sent them: `sender` and the figure's hash tell them apart.
CREATE VIEW cur.curated_annotations AS
SELECT t.*, f.doc_id, f.sender
FROM corpus.annotations AS t
JOIN cur.curated_figures AS f
  ON t.figure_id = f.figure_id AND t.record_sha256 = f.record_sha256 AND t.seq = f.seq
 AND t.delivery_id = f.delivery_id AND t.raw_sha256 = f.raw_sha256;
