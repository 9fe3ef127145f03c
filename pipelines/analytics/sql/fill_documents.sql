-- PMCID and PMID that the article leaves out are those that others state of it, where they state one.
INSERT INTO gen.out.documents BY NAME
SELECT
    d.doc_id, d.doi, coalesce(d.pmcid, i.pmcid) AS pmcid, coalesce(d.pmid, i.pmid) AS pmid, d.kind, d.source, coalesce(t.status, 'current') AS status, d.licence,
    d.licence_evidence, d.licence IN ('open', 'noncommercial') AS may_redistribute, d.licence = 'open' AS is_commercial_ok,
    d.title, d.abstract, d.journal, d.publisher, d.pub_date, d.article_type, d.language, s.split,
    coalesce(f.n, 0) AS n_figures, d.n_revisions, d.first_night, d.night AS last_night, d.is_synthetic, d.delivery_id,
    d.raw_sha256, d.record_sha256, coalesce(c.cluster_id, d.doc_id) AS cluster_id, r.sources
FROM work.documents AS d
JOIN (SELECT doc_id, list_sort(list(DISTINCT source)) AS sources FROM cur.document_revisions GROUP BY ALL) AS r USING (doc_id)
LEFT JOIN (
    SELECT doc_id,
        CASE count(*) FILTER (alias LIKE 'pmc:%') WHEN 1 THEN 'PMC' || max(alias[5:]) FILTER (alias LIKE 'pmc:%') END AS pmcid,
        CASE count(*) FILTER (alias LIKE 'pmid:%') WHEN 1 THEN max(alias[6:]) FILTER (alias LIKE 'pmid:%') END AS pmid
    FROM cur.aliases
    GROUP BY doc_id
) AS i ON i.doc_id = d.doc_id
LEFT JOIN work.clusters AS c ON c.doc_id = d.doc_id
LEFT JOIN cur.status AS t ON t.doc_id = d.doc_id
LEFT JOIN cur.splits AS s ON s.doc_id = d.doc_id
LEFT JOIN (SELECT doc_id, count(*) AS n FROM work.figures GROUP BY ALL) AS f ON f.doc_id = d.doc_id
ORDER BY d.doc_id;
