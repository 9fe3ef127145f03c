-- Curated figures with legends of 50 words of 8 characters, each word at 9 × its number; every figure its own legend.
SELECT
    printf('10.9999/bench%06d#cur-bench-%d', i // 5, i % 5) AS figure_id, printf('10.9999/bench%06d', i // 5) AS doc_id,
    'curation' AS kind, 'Figure 1' AS label, (i % 5)::INTEGER AS position, legend, sha256(legend) AS legend_sha256,
    []::VARCHAR[] AS graphics, 'body' AS place, 'bench' AS source, 'bench:2026-01-02:1' AS delivery_id,
    sha256('file' || i // 5) AS raw_sha256, 1 AS parser_version, 0 AS stated_version,
    sha256('record' || i) AS record_sha256, true AS is_synthetic, i AS n
FROM (
    SELECT i, array_to_string(list_transform(range(50), lambda w: printf('w%07d', (i * 50 + w + $seed) % 9999991)), ' ')
        AS legend
    FROM range(($rows + 49) // 50) AS r (i)
)
ORDER BY i;
