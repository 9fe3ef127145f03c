-- Micro scores on the newest benchmark version of each task: models and plain baselines, the last score of each.
SELECT s.task, s.model_version, s.tagger, s.precision, s.recall, s.f1, s.f1_low, s.f1_high, s.support,
       s.benchmark_version, m.alias
FROM out.model_scores AS s
LEFT JOIN out.model_versions AS m ON m.task = s.task AND m.model_version = s.model_version
WHERE s.split = 'benchmark' AND s.label = 'micro'
QUALIFY s.benchmark_version = max(s.benchmark_version) OVER (PARTITION BY s.task)
    AND row_number() OVER (
        PARTITION BY s.task, s.tagger, s.model_version, s.benchmark_version ORDER BY s.corpus_version DESC
    ) = 1
ORDER BY s.task, s.f1 DESC, s.tagger;
