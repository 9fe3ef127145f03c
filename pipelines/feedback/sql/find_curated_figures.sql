-- One row where the published file has out.curated_figures.
SELECT table_name FROM duckdb_tables() WHERE schema_name = 'out' AND table_name = 'curated_figures';
