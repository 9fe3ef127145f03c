-- The night in numbers, whatever the rules say of its rows: a parser that breaks shows here first.
SELECT 'class' AS kind, coalesce(entity_type, 'none') AS name, sum(coalesce(n_source_rows, 1))::DOUBLE AS n
FROM annotations GROUP BY ALL
UNION ALL
SELECT 'role', coalesce(role, 'none'), count(*) FROM annotations WHERE entity_type IN ('GENEPROD', 'SMALL_MOLECULE')
GROUP BY ALL
UNION ALL
SELECT 'legend_length', floor(log2(length(legend)))::INTEGER::VARCHAR, count(*) FROM figures WHERE length(legend) > 0
GROUP BY ALL
UNION ALL
SELECT 'unit', 'document', count(*) FROM documents
UNION ALL
SELECT 'unit', 'figure', count(*) FROM figures
UNION ALL
SELECT 'unit', 'annotation', count(*) FROM annotations
ORDER BY kind, name;
