CREATE TABLE work.publication_figures AS
SELECT * FROM cur.publication_figures;
