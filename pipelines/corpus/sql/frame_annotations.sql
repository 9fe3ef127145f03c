-- Annotations of the current curated figures, with the legend that their offsets count in and the split of their document.
SELECT a.* EXCLUDE (part), f.legend, s.split, s.exclusion, coalesce(st.status, 'current') AS status
FROM cur.curated_annotations AS a
JOIN cur.curated_figures AS f USING (figure_id, record_sha256, seq, delivery_id, raw_sha256)
LEFT JOIN cur.splits AS s ON s.doc_id = a.doc_id
LEFT JOIN cur.status AS st ON st.doc_id = a.doc_id
ORDER BY a.figure_id, a.start_offset, a.end_offset, a.annotation_id
