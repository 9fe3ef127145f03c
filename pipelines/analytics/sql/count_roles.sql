SELECT
    (SELECT count(*) FROM gen.out.annotations WHERE role IN ('controlled', 'measured')) AS roles,
    (SELECT count(*) FROM gen.out.hypotheses) AS pairs;
