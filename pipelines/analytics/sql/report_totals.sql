SELECT
    (SELECT count(*) FROM out.documents WHERE kind = 'publication') AS publications,
    (SELECT count(*) FROM out.documents WHERE kind = 'curation') AS curated_only,
    (SELECT count(*) FROM out.documents WHERE status = 'retracted') AS retracted,
    (SELECT count(*) FROM out.figures) AS figures, (SELECT count(*) FROM out.panels) AS panels,
    (SELECT count(*) FROM out.annotations) AS annotations, (SELECT count(*) FROM out.mentions) AS mentions,
    (SELECT count(*) FROM out.mentions WHERE ext_id IS NOT NULL) AS linked,
    (SELECT count(*) FROM out.hypotheses) AS hypotheses;
