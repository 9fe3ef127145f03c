-- Open issues by reason, those of the last night counted apart, with up to three examples.
SELECT q.reason, count(*) AS n_open, count(*) FILTER (q.night = m.last_night) AS n_new,
       list({'name': q.name, 'unit': q.unit, 'message': q.message, 'locator': q.locator} ORDER BY q.night DESC, q.issue_id)[:3]
           AS examples
FROM out.quarantine AS q, out.meta AS m
WHERE q.status = 'open'
GROUP BY q.reason
ORDER BY n_new DESC, n_open DESC, q.reason;
