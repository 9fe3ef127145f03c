-- Issues that only publishing finds: annotations that the publisher's current legend no longer holds.
SELECT issue_id, night::VARCHAR AS night, last_night::VARCHAR AS run_key, source, unit, reason, message, name, locator,
       delivery_id, raw_sha256, payload
FROM out.quarantine
WHERE reason = 'legend_changed'
ORDER BY issue_id;
