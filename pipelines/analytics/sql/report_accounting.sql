SELECT a.*
FROM out.accounting AS a
JOIN (FROM out.nights ORDER BY night DESC, length(run_key) DESC, run_key DESC LIMIT 1) AS n ON n.run_key = a.run_key
ORDER BY array_position(['pull', 'parse', 'check', 'freeze', 'publish'], a.stage),
         array_position(['file', 'delivery', 'document', 'alias', 'figure', 'deletion', 'panel', 'annotation', 'event'], a.unit);
