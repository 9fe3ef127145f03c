-- The last run of the last closed night.
FROM out.nights
ORDER BY night DESC, length(run_key) DESC, run_key DESC
LIMIT 1;
