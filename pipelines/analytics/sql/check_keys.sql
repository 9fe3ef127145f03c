-- Rows of served tables that are no longer unique by their key.
SELECT count(*) AS n, min(example) AS example
FROM (
    SELECT 'documents ' || doc_id AS example FROM gen.out.documents GROUP BY doc_id HAVING count(*) > 1
    UNION ALL
    SELECT 'figures ' || figure_id FROM gen.out.figures GROUP BY figure_id HAVING count(*) > 1
    UNION ALL
    SELECT 'panels ' || panel_id FROM gen.out.panels GROUP BY panel_id HAVING count(*) > 1
    UNION ALL
    SELECT 'annotations ' || annotation_id FROM gen.out.annotations GROUP BY annotation_id HAVING count(*) > 1
    UNION ALL
    SELECT 'other_annotations ' || annotation_id FROM gen.out.other_annotations GROUP BY annotation_id HAVING count(*) > 1
    UNION ALL
    SELECT 'curated_figures ' || curated_figure_id FROM gen.out.curated_figures
    GROUP BY curated_figure_id, sender, review_stage HAVING count(*) > 1
    UNION ALL
    SELECT 'deliveries ' || delivery_id FROM gen.out.deliveries GROUP BY delivery_id HAVING count(*) > 1
    UNION ALL
    SELECT 'mentions ' || mention_id FROM gen.out.mentions GROUP BY mention_id HAVING count(*) > 1
    UNION ALL
    SELECT 'hypotheses ' || hypothesis_id FROM gen.out.hypotheses GROUP BY hypothesis_id HAVING count(*) > 1
    UNION ALL
    SELECT 'entities ' || entity_id FROM gen.out.entities GROUP BY entity_id, entity_type HAVING count(*) > 1
    UNION ALL
    SELECT 'document_events ' || event_id FROM gen.out.document_events GROUP BY event_id HAVING count(*) > 1
    UNION ALL
    SELECT 'id_aliases ' || alias FROM gen.out.id_aliases GROUP BY alias HAVING count(*) > 1
    UNION ALL
    SELECT 'quarantine ' || issue_id FROM gen.out.quarantine GROUP BY issue_id HAVING count(*) > 1
    UNION ALL
    SELECT 'nights ' || run_key FROM gen.out.nights GROUP BY run_key HAVING count(*) > 1
    UNION ALL
    SELECT 'model_versions ' || task FROM gen.out.model_versions GROUP BY task, model_name, model_version HAVING count(*) > 1
    UNION ALL
    SELECT 'meta' FROM gen.out.meta HAVING count(*) <> 1
);
