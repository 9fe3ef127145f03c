-- Annotations of the current curated figures, with the legend that their offsets count in and the split of their document.
-- Whoever made them: `is_gold` tells those that count from other curators' and machines'.
SELECT a.* EXCLUDE (part), g.figure_id IS NOT NULL AND a.review_stage <> 'machine' AS is_gold, f.legend, s.split, s.exclusion, coalesce(st.status, 'current') AS status
FROM cur.curated_annotations AS a
JOIN cur.curated_figures AS f USING (figure_id, record_sha256, seq, delivery_id, raw_sha256)
LEFT JOIN (SELECT figure_id, record_sha256 FROM cur.gold_figures) AS g
  ON g.figure_id = a.figure_id AND g.record_sha256 = a.record_sha256
LEFT JOIN cur.splits AS s ON s.doc_id = a.doc_id
LEFT JOIN cur.status AS st ON st.doc_id = a.doc_id
ORDER BY a.figure_id, a.start_offset, a.end_offset, a.annotation_id
