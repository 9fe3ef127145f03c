CREATE TABLE work.curated_panels AS
SELECT * FROM cur.curated_panels;
