-- Annotations whose text does not stand at their offsets.
SELECT count(*) AS n, min(a.annotation_id) AS example
FROM gen.out.annotations AS a
JOIN gen.out.figures AS f USING (figure_id)
WHERE a.start_offset IS NOT NULL
  AND substring(f.legend, a.start_offset + 1, a.end_offset - a.start_offset) IS DISTINCT FROM a.text;
