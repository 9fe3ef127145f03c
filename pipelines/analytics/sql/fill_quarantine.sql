-- One row an issue: the first and the last night it was rejected, with the words of the last.
INSERT INTO gen.out.quarantine BY NAME
SELECT
    issue_id, min(night) AS night, max(night) AS last_night, max_by(source, (night, run_key)) AS source,
    max_by(unit, (night, run_key)) AS unit, max_by(reason, (night, run_key)) AS reason, 'open' AS status,
    max_by(message, (night, run_key)) AS message, max_by(name, (night, run_key)) AS name,
    max_by(locator, (night, run_key)) AS locator, max_by(delivery_id, (night, run_key)) AS delivery_id,
    max_by(raw_sha256, (night, run_key)) AS raw_sha256, max_by(payload, (night, run_key)) AS payload
FROM work.issues
GROUP BY issue_id
ORDER BY reason, issue_id;
