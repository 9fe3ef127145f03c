-- What every delivery brought, and what of it counts today. After quarantine was filled.
INSERT INTO gen.out.deliveries BY NAME
WITH brought AS (
    SELECT delivery_id, count(DISTINCT doc_id) AS n_documents, 0 AS n_figures, 0 AS n_annotations
    FROM corpus.documents GROUP BY ALL
    UNION ALL
    SELECT delivery_id, 0, count(*), 0 FROM corpus.figures GROUP BY ALL
    UNION ALL
    SELECT delivery_id, 0, 0, count(*) FROM corpus.annotations GROUP BY ALL
)
SELECT
    d.delivery_id, d.source, d.sender, d.name, d.format, d.review_stage, d.annotated_types, d.has_roles,
    d.preannotated_by, d.stated_date, d.night,
    EXISTS (
        SELECT 1 FROM corpus.tombstones AS t
        WHERE t.through_seq >= d.seq AND t.target = CASE t.target_kind WHEN 'delivery' THEN d.delivery_id
                                                    WHEN 'night' THEN d.night::VARCHAR END
    ) AS is_withdrawn,
    coalesce(b.n_documents, 0) AS n_documents, coalesce(b.n_figures, 0) AS n_figures, coalesce(c.n, 0) AS n_current_figures,
    coalesce(c.n_gold, 0) AS n_gold_figures, coalesce(b.n_annotations, 0) AS n_annotations,
    coalesce(a.n, 0) AS n_gold_annotations, coalesce(q.n, 0) AS n_issues
FROM cur.deliveries AS d
LEFT JOIN (
    SELECT delivery_id, sum(n_documents) AS n_documents, sum(n_figures) AS n_figures, sum(n_annotations) AS n_annotations
    FROM brought GROUP BY ALL
) AS b USING (delivery_id)
LEFT JOIN (
    SELECT delivery_id, count(*) AS n, count(*) FILTER (is_gold) AS n_gold FROM work.curated_figures GROUP BY ALL
) AS c USING (delivery_id)
LEFT JOIN (SELECT delivery_id, count(*) AS n FROM gen.out.annotations GROUP BY ALL) AS a USING (delivery_id)
LEFT JOIN (SELECT delivery_id, count(*) AS n FROM gen.out.quarantine GROUP BY ALL) AS q USING (delivery_id)
ORDER BY d.delivery_id;
