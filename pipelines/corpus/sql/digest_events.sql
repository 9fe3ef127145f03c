SELECT 'event' AS record, coalesce(n.name, e.doc_id) AS name, e.kind, e.event, e.event_date::VARCHAR AS event_date, e.source,
       e.detail
FROM cur.events AS e LEFT JOIN digest_names AS n USING (doc_id)
