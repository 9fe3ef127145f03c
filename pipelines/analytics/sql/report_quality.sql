SELECT q.suite, q.rule, q.severity, q.success, q.n_checked, q.n_failed, q.observed, q.band
FROM out.quality_results AS q
JOIN (FROM out.nights ORDER BY night DESC, length(run_key) DESC, run_key DESC LIMIT 1) AS n ON n.run_key = q.run_key
ORDER BY q.success, q.n_failed DESC, q.suite, q.rule;
