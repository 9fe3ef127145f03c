-- Current documents, one row each: a publication as soon as there is one.
SELECT d.* EXCLUDE (rank, part), s.split, s.exclusion, coalesce(st.status, 'current') AS status
FROM cur.licensed_revisions AS d
LEFT JOIN cur.splits AS s USING (doc_id)
LEFT JOIN cur.status AS st USING (doc_id)
WHERE d.rank = 1
QUALIFY row_number() OVER (PARTITION BY d.doc_id ORDER BY d.kind = 'publication' DESC) = 1
ORDER BY d.doc_id
