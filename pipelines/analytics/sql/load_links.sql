INSERT INTO work.links BY NAME
SELECT entity_type, name, ext_id, ext_db, ext_name, source FROM read_parquet($paths) WHERE ext_id IS NOT NULL;
