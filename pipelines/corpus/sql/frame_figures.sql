-- Current figures: the publisher's of each current publication, and the curators'.
SELECT * EXCLUDE (part) FROM cur.publication_figures
UNION ALL BY NAME
SELECT * EXCLUDE (part) FROM cur.curated_figures
ORDER BY figure_id
