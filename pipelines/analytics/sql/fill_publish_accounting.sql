INSERT INTO gen.out.accounting BY NAME
SELECT
    $night::DATE AS night, $run_key AS run_key, 'publish' AS stage, 'annotation' AS unit, count(*) AS n_in,
    count(*) FILTER (NOT is_lost) AS valid, count(*) FILTER (is_lost) AS quarantined, 0 AS duplicate, 0 AS unchanged,
    0 AS ignored
FROM work.annotations;
