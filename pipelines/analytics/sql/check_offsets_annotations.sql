-- Annotations whose text does not stand at their offsets.
SELECT count(*) AS n, min(a.annotation_id) AS example
FROM (
    SELECT annotation_id, figure_id, start_offset, end_offset, text FROM gen.out.annotations
    UNION ALL
    SELECT annotation_id, figure_id, start_offset, end_offset, text FROM gen.out.other_annotations
) AS a
JOIN gen.out.figures AS f USING (figure_id)
WHERE a.start_offset IS NOT NULL
  AND substring(f.legend, a.start_offset + 1, a.end_offset - a.start_offset) IS DISTINCT FROM a.text;
