SELECT 'document' AS record, n.name, d.kind, d.doi, d.pmcid, d.pmid, d.title, d.abstract, d.journal, d.publisher,
       d.pub_date::VARCHAR AS pub_date, d.article_type, d.language, d.licence, d.stated_version, d.is_synthetic,
       coalesce(s.status, 'current') AS status
FROM cur.licensed_revisions AS d
JOIN digest_names AS n USING (doc_id)
LEFT JOIN cur.status AS s USING (doc_id)
WHERE d.rank = 1 AND d.kind = 'publication'
