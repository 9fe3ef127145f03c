-- Issues that only publishing finds: annotations that the publisher's current legend no longer holds.
SELECT issue_id, night::VARCHAR AS night, last_night::VARCHAR AS run_key, source, unit, reason, message, name, locator,
       delivery_id, raw_sha256, payload, rule, rule_version, sender
FROM out.quarantine
WHERE starts_with(rule, 'publish.')
ORDER BY issue_id;
