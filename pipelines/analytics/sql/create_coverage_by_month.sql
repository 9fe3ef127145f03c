CREATE MACRO main.coverage_by_month() AS TABLE
SELECT date_trunc('month', d.pub_date)::DATE AS month, count(*) AS n_documents,
       sum(d.n_figures)::BIGINT AS n_figures, sum(coalesce(a.n, 0))::BIGINT AS n_annotations,
       sum(coalesce(m.n, 0))::BIGINT AS n_mentions, count(*) FILTER (d.status = 'retracted') AS n_retracted
FROM out.documents AS d
LEFT JOIN (SELECT doc_id, count(*) AS n FROM out.mentions GROUP BY ALL) AS m USING (doc_id)
LEFT JOIN (
    SELECT f.doc_id, count(*) AS n FROM out.annotations JOIN out.figures AS f USING (figure_id) GROUP BY ALL
) AS a USING (doc_id)
GROUP BY ALL
ORDER BY month NULLS LAST;
