-- Deliveries that have current curated figures, with these as publishing placed them; those with exactly the publisher's
-- legend are only counted.
SELECT
    delivery_id, count(*) FILTER (alignment = 'exact') AS n_exact,
    coalesce(
        list({'figure': curated_figure_id, 'label': label, 'publisher_figure': figure_id, 'alignment': alignment,
              'confidence': round(confidence, 3), 'why_own': why_own, 'raw_sha256': raw_sha256}
             ORDER BY curated_figure_id, record_sha256) FILTER (alignment <> 'exact'),
        []) AS figures
FROM out.curated_figures
GROUP BY delivery_id
ORDER BY delivery_id;
