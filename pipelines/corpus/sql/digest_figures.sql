SELECT 'figure' AS record, n.name, f.kind, NULL AS sender, NULL AS review_stage, f.label, f.legend_sha256, f.legend, f.position,
       f.graphics, f.fig_type, f.place, f.licence
FROM cur.publication_figures AS f JOIN digest_names AS n USING (doc_id)
UNION ALL
SELECT 'figure', n.name, f.kind, f.sender, f.review_stage, f.label, f.legend_sha256, f.legend, f.position, f.graphics,
       f.fig_type, f.place, f.licence
FROM cur.curated_figures AS f JOIN digest_names AS n USING (doc_id)
UNION ALL
SELECT 'auxiliary', n.name, f.kind, f.sender, f.review_stage, f.label, f.legend_sha256, f.record_sha256, f.position,
       f.graphics, f.fig_type, f.place, f.source
FROM cur.auxiliary_figures AS f JOIN digest_names AS n USING (doc_id)
