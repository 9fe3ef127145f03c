-- Deliveries of a version, the newest last.
SELECT delivery_id, any_value(name) AS name, any_value(sender) AS sender, max(seq) AS seq
FROM corpus.deliveries GROUP BY delivery_id ORDER BY seq, delivery_id
