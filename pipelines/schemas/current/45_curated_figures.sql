-- Current curated figures: gold only. Texts of auxiliary deliveries are not shown beside publishers' figures.
CREATE VIEW cur.curated_figures AS
SELECT * FROM cur.delivered_figures WHERE kind = 'curation';
