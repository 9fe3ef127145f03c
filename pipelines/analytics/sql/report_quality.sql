SELECT q.suite, q.expectation, q.severity, q.success, q.n_checked, q.n_unexpected, q.observed
FROM out.quality_results AS q
JOIN (FROM out.nights ORDER BY night DESC, length(run_key) DESC, run_key DESC LIMIT 1) AS n ON n.run_key = q.run_key
ORDER BY q.success, q.n_unexpected DESC, q.suite, q.expectation;
