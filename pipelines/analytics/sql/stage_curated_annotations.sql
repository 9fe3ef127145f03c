CREATE TABLE work.curated_annotations AS
SELECT * FROM cur.curated_annotations;
