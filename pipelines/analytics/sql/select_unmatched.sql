-- Those that were never matched against these candidates.
SELECT c.*
FROM work.candidates AS c
ANTI JOIN _known AS k
    ON k.curated_figure_id = c.figure_id AND k.record_sha256 = c.record_sha256 AND k.candidates_sha256 = c.candidates_sha256
ORDER BY c.figure_id;
