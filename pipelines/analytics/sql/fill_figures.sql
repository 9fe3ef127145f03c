INSERT INTO gen.out.figures BY NAME
SELECT
    *, licence IN ('open', 'noncommercial') AS may_redistribute, licence = 'open' AS is_commercial_ok
FROM (
    SELECT
        f.figure_id, f.doc_id, f.kind AS figure_kind, f.label, f.legend, f.legend_sha256, f.parent_figure_id, f.position,
        f.graphics, f.fig_type, f.place, coalesce(f.licence, d.licence) AS licence, coalesce(p.n, 0) AS n_panels,
        coalesce(a.n, 0) AS n_annotations, f.source, f.night, f.delivery_id, f.raw_sha256
    FROM work.figures AS f
    LEFT JOIN work.documents AS d USING (doc_id)
    LEFT JOIN (SELECT figure_id, count(*) AS n FROM work.panels GROUP BY ALL) AS p USING (figure_id)
    LEFT JOIN (SELECT figure_id, count(*) AS n FROM work.annotations WHERE is_gold GROUP BY ALL) AS a USING (figure_id)
)
ORDER BY doc_id, figure_kind DESC, position, figure_id;
