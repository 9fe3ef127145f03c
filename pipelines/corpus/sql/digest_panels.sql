SELECT 'panel' AS record, n.name, f.source, f.label, f.sender, f.review_stage, f.legend_sha256, p.panel_no, p.start_offset,
       p.end_offset, p.labels, p.marker_offsets, p.has_marker, p.is_labelled, p.coords
FROM cur.curated_panels AS p
JOIN cur.curated_figures AS f USING (figure_id, record_sha256)
JOIN digest_names AS n ON n.doc_id = p.doc_id
