-- Agreement of every two annotators, over all classes and by class, the pair with most figures first.
SELECT annotator_a || ' (' || stage_a || ') and ' || annotator_b || ' (' || stage_b || ')' AS pair, entity_type, n_figures,
       n_spans_a, n_spans_b, f1, alpha
FROM out.agreement
ORDER BY max(n_figures) OVER (PARTITION BY annotator_a, stage_a, annotator_b, stage_b) DESC, pair, entity_type <> 'all', entity_type
