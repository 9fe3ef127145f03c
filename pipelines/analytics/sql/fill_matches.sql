-- What every curated figure is: worked out now, or known from before for the same candidates.
INSERT INTO work.matches
SELECT DISTINCT k.curated_figure_id, k.figure_id
FROM (FROM _known UNION FROM _fresh) AS k
JOIN work.candidates AS c
    ON c.figure_id = k.curated_figure_id AND c.record_sha256 = k.record_sha256 AND c.candidates_sha256 = k.candidates_sha256
WHERE k.figure_id IS NOT NULL;
