INSERT INTO gen.out.freshness BY NAME
WITH closed AS (
    SELECT night, run_key, sources_missing, row_number() OVER (ORDER BY night DESC, run_key DESC) AS age
    FROM gen.out.nights
),
delivered AS (
    SELECT source, max_by(delivery_id, (night, seq, delivery_id)) AS last_delivery, max(night) AS last_new_night,
           count(DISTINCT delivery_id) AS n_deliveries
    FROM corpus.deliveries
    GROUP BY source
)
SELECT
    d.source, d.last_delivery, d.last_new_night, $night::DATE AS last_closed_night,
    (SELECT count(DISTINCT c.night) FROM closed AS c WHERE c.night > d.last_new_night) AS nights_without_news,
    d.n_deliveries, (SELECT count(*) FROM gen.out.documents AS o WHERE o.source = d.source) AS n_documents,
    coalesce((SELECT list_contains(c.sources_missing, d.source) FROM closed AS c WHERE c.age = 1), false) AS is_missing
FROM delivered AS d
ORDER BY d.source;
