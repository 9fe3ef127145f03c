-- Rows that point to a row that is not there.
SELECT count(*) AS n, min(example) AS example
FROM (
    SELECT 'figure ' || figure_id AS example FROM gen.out.figures ANTI JOIN gen.out.documents USING (doc_id)
    UNION ALL
    SELECT 'panel ' || panel_id FROM gen.out.panels ANTI JOIN gen.out.figures USING (figure_id)
    UNION ALL
    SELECT 'annotation ' || annotation_id FROM gen.out.annotations ANTI JOIN gen.out.figures USING (figure_id)
    UNION ALL
    SELECT 'other annotation ' || annotation_id FROM gen.out.other_annotations ANTI JOIN gen.out.figures USING (figure_id, doc_id)
    UNION ALL
    SELECT 'curated figure ' || curated_figure_id FROM gen.out.curated_figures ANTI JOIN gen.out.figures USING (figure_id, doc_id)
    WHERE figure_id IS NOT NULL
    UNION ALL
    SELECT 'annotation ' || a.annotation_id FROM gen.out.annotations AS a
    ANTI JOIN gen.out.panels AS p ON p.panel_id = a.panel_id AND p.figure_id = a.figure_id
    WHERE a.panel_id IS NOT NULL
    UNION ALL
    SELECT 'mention ' || mention_id FROM gen.out.mentions ANTI JOIN gen.out.figures USING (figure_id, doc_id)
    UNION ALL
    SELECT 'mention ' || m.mention_id FROM gen.out.mentions AS m
    ANTI JOIN gen.out.panels AS p ON p.panel_id = m.panel_id AND p.figure_id = m.figure_id
    WHERE m.panel_id IS NOT NULL
    UNION ALL
    SELECT 'hypothesis ' || h.hypothesis_id FROM (SELECT hypothesis_id, unnest(evidence) AS panel_id FROM gen.out.hypotheses) AS h
    ANTI JOIN gen.out.panels AS p USING (panel_id)
);
