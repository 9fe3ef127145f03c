-- Where a document stood as something to learn from: its split, the version that first had it, whether a curator worked on it.
SELECT any_value(s.split) AS split, min(f.seq) AS first_seq, count(*) FILTER (f.kind = 'curation') AS n_curated
FROM corpus.figures AS f
LEFT JOIN cur.aliases AS a ON a.alias = f.doc_id
LEFT JOIN cur.splits AS s ON s.doc_id = coalesce(a.doc_id, f.doc_id)
WHERE f.doc_id IN (SELECT unnest($names))
