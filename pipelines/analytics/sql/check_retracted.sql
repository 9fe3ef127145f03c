-- Retracted documents that a mart still shows.
SELECT count(*) AS n, min(doc_id) AS example
FROM (
    SELECT doc_id FROM gen.out.mentions
    UNION ALL
    SELECT f.doc_id
    FROM (SELECT DISTINCT unnest(evidence) AS panel_id FROM gen.out.hypotheses) AS h
    JOIN gen.out.panels AS p USING (panel_id)
    JOIN gen.out.figures AS f USING (figure_id)
)
SEMI JOIN (SELECT doc_id FROM gen.out.documents WHERE status = 'retracted') USING (doc_id);
