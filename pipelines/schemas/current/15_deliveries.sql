-- One row per delivery, as it was first stored: records of one delivery may be frozen in several versions.
CREATE VIEW cur.deliveries AS
SELECT * FROM corpus.deliveries
QUALIFY row_number() OVER (PARTITION BY delivery_id ORDER BY seq, part) = 1;
