SELECT issue_id, reason FROM out.quarantine WHERE status = 'open';
