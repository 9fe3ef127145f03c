-- Panels of the current curated figures.
SELECT * EXCLUDE (part) FROM cur.curated_panels ORDER BY figure_id, panel_no
