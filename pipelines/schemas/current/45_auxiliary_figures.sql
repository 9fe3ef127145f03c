-- Current texts of auxiliary deliveries: nobody's gold, learnt from only where a task asks for it.
CREATE VIEW cur.auxiliary_figures AS
SELECT * FROM cur.delivered_figures WHERE kind = 'auxiliary';
