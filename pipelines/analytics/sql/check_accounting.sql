-- Accounts that do not balance.
SELECT count(*) AS n, min(run_key || ' ' || stage || ' ' || unit) AS example
FROM gen.out.accounting
WHERE n_in <> valid + quarantined + duplicate + unchanged + ignored;
