-- Served tables that hold another number of rows than the corpus has current records.
SELECT count(*) AS n, min(what || ': ' || served || ' served, ' || current || ' current') AS example
FROM (
    SELECT 'documents' AS what, (SELECT count(*) FROM gen.out.documents) AS served,
           (SELECT count(DISTINCT doc_id) FROM cur.document_revisions) AS current
    UNION ALL
    SELECT 'figures of publications', (SELECT count(*) FROM gen.out.figures WHERE figure_kind = 'publication'),
           (SELECT count(*) FROM cur.publication_figures)
    UNION ALL
    SELECT 'annotations', (SELECT count(*) FROM gen.out.annotations) + (SELECT count(*) FROM gen.out.other_annotations),
           (SELECT count(*) FROM cur.curated_annotations)
    UNION ALL
    SELECT 'curated figures served or matched',
           (SELECT count(*) FROM gen.out.figures WHERE figure_kind = 'curation')
               + (SELECT count(*) FROM work.matches AS m WHERE m.curated_figure_id NOT IN
                     (SELECT figure_id FROM gen.out.figures)),
           (SELECT count(DISTINCT figure_id) FROM cur.curated_figures)
    UNION ALL
    SELECT 'curated figures', (SELECT count(*) FROM gen.out.curated_figures), (SELECT count(*) FROM cur.curated_figures)
    UNION ALL
    SELECT 'document_events', (SELECT count(*) FROM gen.out.document_events),
           (SELECT count(*) FROM cur.events) + (SELECT count(*) FROM cur.licence_changes)
               + (SELECT count(*) FROM cur.withdrawn_statements)
)
WHERE served <> current;
