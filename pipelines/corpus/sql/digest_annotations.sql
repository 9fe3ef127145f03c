SELECT 'annotation' AS record, n.name, f.source, f.label, a.legend_sha256, a.panel_no, a.start_offset, a.end_offset, a.text,
       a.entity_type, a.raw_type, a.role, a.raw_role, a.ext_ids, a.ext_dbs, a.n_source_rows, a.is_nested, a.annotator,
       a.review_stage, f.review_stage AS figure_stage
FROM cur.curated_annotations AS a
JOIN cur.curated_figures AS f USING (figure_id, record_sha256)
JOIN digest_names AS n ON n.doc_id = a.doc_id
