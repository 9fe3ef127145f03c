-- Every current legend once: the publishers' and the curators' own, without those of retracted documents.
SELECT legend_sha256, any_value(legend) AS legend
FROM (
    SELECT doc_id, legend_sha256, legend FROM cur.publication_figures
    UNION ALL
    SELECT doc_id, legend_sha256, legend FROM cur.curated_figures
) AS f
WHERE legend IS NOT NULL
  AND doc_id NOT IN (SELECT doc_id FROM cur.status WHERE status = 'retracted')
GROUP BY legend_sha256
ORDER BY legend_sha256
