FROM out.freshness ORDER BY source;
