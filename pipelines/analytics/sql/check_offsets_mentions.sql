-- Mentions whose text does not stand at their offsets, or is empty.
SELECT count(*) AS n, min(m.mention_id) AS example
FROM gen.out.mentions AS m
JOIN gen.out.figures AS f USING (figure_id)
WHERE m.text = '' OR m.end_offset > length(f.legend)
   OR substring(f.legend, m.start_offset + 1, m.end_offset - m.start_offset) IS DISTINCT FROM m.text;
