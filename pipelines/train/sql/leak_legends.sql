-- Current legends of these documents, the publisher's and the curators'.
SELECT doc_id, legend FROM cur.publication_figures WHERE legend IS NOT NULL AND doc_id IN (SELECT unnest($documents))
UNION
SELECT doc_id, legend FROM cur.curated_figures WHERE legend IS NOT NULL AND doc_id IN (SELECT unnest($documents))
