-- How many manuscripts needed how many corrections from one review stage to the next, and what became of machine tags.
SELECT from_stage, to_stage, count(*) AS n_documents,
       count(*) FILTER (n_changed + n_deleted + n_added = 0) AS n_without,
       count(*) FILTER (n_changed + n_deleted + n_added BETWEEN 1 AND 5) AS n_few,
       count(*) FILTER (n_changed + n_deleted + n_added > 5) AS n_many,
       sum(n_kept)::BIGINT AS n_kept, sum(n_changed)::BIGINT AS n_changed, sum(n_deleted)::BIGINT AS n_deleted,
       sum(n_added)::BIGINT AS n_added
FROM out.corrections
GROUP BY ALL
ORDER BY from_stage DESC, to_stage
