SELECT night, run_key, status, n_documents, n_figures, n_annotations, n_quarantined, seconds, sources_missing
FROM out.nights
ORDER BY night, length(run_key), run_key;
